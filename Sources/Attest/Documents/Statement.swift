public import JSON

/// A statement about files (in-toto attestation framework, statement v1).
public struct Statement: Sendable {
    /// A file, or anything else that has a digest.
    public struct Subject: Sendable {
        public var name: String
        /// In hexadecimal.
        public var sha256: String

        public init(name: String, sha256: String) { (self.name, self.sha256) = (name, sha256) }
    }

    public var subjects: [Subject]
    public var predicateType: String
    public var predicate: JSONValue

    public init(_ subjects: [Subject], _ predicateType: String, _ predicate: JSONValue) {
        (self.subjects, self.predicateType, self.predicate) = (subjects, predicateType, predicate)
    }

    public var json: JSONValue {
        .object([
            ("_type", .string("https://in-toto.io/Statement/v1")),
            (
                "subject",
                .array(
                    subjects.map {
                        .object([("name", .string($0.name)), ("digest", .object([("sha256", .string($0.sha256))]))])
                    })
            ),
            ("predicateType", .string(predicateType)), ("predicate", predicate),
        ])
    }
}

/// How something was built (SLSA provenance v1.0).
public struct Provenance: Sendable {
    /// What the build was made from.
    public struct Dependency: Sendable {
        public var name: String
        /// Where it came from; nil for a file of the build machine.
        public var uri: String?
        /// In hexadecimal.
        public var sha256: String

        public init(name: String, uri: String?, sha256: String) {
            (self.name, self.uri, self.sha256) = (name, uri, sha256)
        }
    }

    /// What the user chose.
    public var parameters: JSONValue
    public var dependencies: [Dependency]
    /// The version of moby.
    public var version: String

    public init(parameters: JSONValue, dependencies: [Dependency], version: String) {
        (self.parameters, self.dependencies, self.version) = (parameters, dependencies, version)
    }

    public static let predicateType = "https://slsa.dev/provenance/v1"
    /// What the parameters mean, docs/sbom.md.
    static let buildType = "https://mobyproject.org/moby/build/v1"
    /// Who says so: moby, wherever it ran. A signature says more.
    static let builder = "https://mobyproject.org/moby"

    public func statement(about subjects: [Statement.Subject]) -> Statement {
        let materials = dependencies.map { dependency in
            var members: [JSONValue.Member] = [("name", .string(dependency.name))]
            if let uri = dependency.uri { members.append(("uri", .string(uri))) }
            members.append(("digest", .object([("sha256", .string(dependency.sha256))])))
            return JSONValue.object(members)
        }
        return Statement(
            subjects, Self.predicateType,
            .object([
                (
                    "buildDefinition",
                    .object([
                        ("buildType", .string(Self.buildType)), ("externalParameters", parameters),
                        ("internalParameters", .object([])), ("resolvedDependencies", .array(materials)),
                    ])
                ),
                (
                    "runDetails",
                    .object([
                        (
                            "builder",
                            .object([
                                ("id", .string(Self.builder)), ("version", .object([("moby", .string(version))])),
                            ])
                        )
                    ])
                ),
            ]))
    }
}
