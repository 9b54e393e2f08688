internal import Extents

/// A policy: which images a build may use, and who must have signed them.
public struct Policy: Sendable {
    /// What holds for images whose names match; the first rule that matches an image counts.
    public struct Rule: Sendable {
        /// Patterns of names without tag and digest: `*` is any run of characters but `/`, `**` any run.
        public var match: [Located<String>] = []
        /// Files of public keys, one of which must have signed.
        public var keys: [Located<String>] = []
        /// Identities, one of which must have signed.
        public var keyless: [Identity] = []
        /// The images need no signature.
        public var accept: Bool = false
        public var location: SourceLocation?
    }

    /// An identity with a short-lived certificate.
    public struct Identity: Sendable {
        /// File of the trusted root.
        public var root: Located<String>
        /// Who proved the identity, and the identity; `*` is any run of characters.
        public var issuer = ""
        public var identity = ""

        init(at location: SourceLocation) { root = Located("", at: location) }
    }

    /// The file, as messages name it.
    public var file = ""
    public var rules: [Rule] = []

    /// - Throws: `SpecError` with every error.
    public init(parsing text: String, file: String) throws {
        var diagnostics: [Diagnostic] = []
        let start = SourceLocation(file: file, line: 1, column: 1)
        guard let root = YAMLReader.read(text, file: file, &diagnostics), !root.isNull else {
            let empty = Diagnostic(
                at: start, "the policy is empty",
                hint: "write rules: 'images: [{match: [\"ghcr.io/acme/**\"], keys: [acme.pub]}]'"
            )
            throw SpecError(diagnostics.isEmpty ? [empty] : diagnostics)
        }
        var reading = Reading()
        let read = KeyTable.policy.read(root, into: Policy(), &reading)
        diagnostics += reading.problems
        guard var read, diagnostics.isEmpty else { throw SpecError(diagnostics) }
        read.file = file
        diagnostics = read.rules.compactMap(\.problem)
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
        self = read
    }

    private init() {}

    /// Whether a file is a policy: by its name, `policy.yml` or `X.policy.yml`, or because it has nothing but rules.
    public static func isPolicy(_ name: String, text: String) -> Bool {
        let name = name.split(separator: "/").last.map(String.init) ?? name
        let suffixes = ["policy.yml", "policy.yaml"]
        if suffixes.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) { return true }
        var ignored: [Diagnostic] = []
        guard let root = YAMLReader.read(text, file: name, &ignored), case .mapping(let pairs) = root.content else {
            return false
        }
        return pairs.map(\.key.value) == ["images"]
    }
}

extension Policy.Rule {
    fileprivate var problem: Diagnostic? {
        if match.isEmpty {
            return Diagnostic(at: location, "the rule matches no images", hint: "give 'match' at least one pattern")
        }
        let hasSigners = !keys.isEmpty || !keyless.isEmpty
        if accept == hasSigners {
            return Diagnostic(
                at: location,
                accept
                    ? "'accept: any' and signers cannot be combined" : "the rule does not say who must have signed",
                hint: "give it 'keys' or 'keyless', or 'accept: any' for images without signatures")
        }
        return nil
    }
}
