internal import Extents
public import JSON

extension Bill {
    /// A document of CycloneDX 1.6 in JSON. The same bill always gives the same bytes.
    public var cycloneDX: JSONValue {
        let packages = packages
        return .object([
            ("$schema", .string("http://cyclonedx.org/schema/bom-1.6.schema.json")),
            ("bomFormat", .string("CycloneDX")), ("specVersion", .string("1.6")),
            ("serialNumber", .string("urn:uuid:\(serial)")), ("version", .integer(1)),
            (
                "metadata",
                .object([
                    ("timestamp", .string(createdText)),
                    (
                        "tools",
                        .object([
                            (
                                "components",
                                .array([
                                    .object([
                                        ("type", .string("application")), ("name", .string("moby")),
                                        ("version", .string(toolVersion)),
                                    ])
                                ])
                            )
                        ])
                    ),
                    (
                        "component",
                        .object([
                            ("type", .string("operating-system")), ("bom-ref", .string("machine")),
                            ("name", .string(name)), ("version", .string(content)),
                        ])
                    ),
                ])
            ),
            ("components", .array(images.map(Self.component) + packages.map(Self.component))),
            ("dependencies", .array(dependencies(packages))),
        ])
    }

    private var toolVersion: String { tool.split(separator: "-").last.map(String.init) ?? tool }

    /// A UUID of version 8 (RFC 9562) from the contents.
    private var serial: String {
        let text = ([content, createdText, tool] + images.map(\.digest) + packages.map(\.identity)).joined(
            separator: "\n")
        var bytes = Array(SHA256.hash(Array(text.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let hex = bytes.hex
        var parts: [Substring] = []
        var rest = hex[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    private static func reference(_ image: Component) -> String {
        ElementName.of("image", image.repository, "\(image.reference) \(image.digest)")
    }

    private static func reference(_ package: SoftwarePackage) -> String {
        ElementName.of(package.kind.rawValue, package.name, package.identity)
    }

    private static func component(_ image: Component) -> JSONValue {
        component(
            "container", reference(image), name: image.reference, version: image.version, supplier: image.supplier,
            hash: String(image.digest.drop { $0 != ":" }.dropFirst()), image.licence, url: image.url)
    }

    private static func component(_ package: SoftwarePackage) -> JSONValue {
        component(
            "library", reference(package), name: package.name, version: package.version, supplier: package.supplier,
            hash: package.sha256, package.licence, url: package.url)
    }

    private static func component(
        _ type: String, _ reference: String, name: String, version: String, supplier: String, hash: String?,
        _ licence: LicenceExpression?, url: String
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            ("type", .string(type)), ("bom-ref", .string(reference)),
            ("supplier", .object([("name", .string(supplier))])), ("name", .string(name)),
            ("version", .string(version)),
        ]
        if let hash {
            members.append(
                ("hashes", .array([.object([("alg", .string("SHA-256")), ("content", .string(hash))])])))
        }
        if let licence {
            members.append(("licenses", .array([.object([("expression", .string(licence.text))])])))
        }
        members.append(("purl", .string(url)))
        return .object(members)
    }

    private func dependencies(_ packages: [SoftwarePackage]) -> [JSONValue] {
        func entry(_ reference: String, _ needed: [String]) -> JSONValue {
            var members: [JSONValue.Member] = [("ref", .string(reference))]
            if !needed.isEmpty { members.append(("dependsOn", .strings(needed))) }
            return .object(members)
        }
        return [entry("machine", images.map(Self.reference))]
            + images.map { entry(Self.reference($0), Set($0.packages.map(Self.reference)).sorted()) }
            + packages.map { entry(Self.reference($0), []) }
    }
}
