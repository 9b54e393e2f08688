public import JSON

extension Bill {
    /// A document of SPDX 2.3 in JSON. The same bill always gives the same bytes.
    public var spdx: JSONValue {
        let packages = packages
        let elements = packages.map(Self.element)
        return .object([
            ("spdxVersion", .string("SPDX-2.3")), ("dataLicense", .string("CC0-1.0")),
            ("SPDXID", .string("SPDXRef-DOCUMENT")), ("name", .string(name)),
            (
                "documentNamespace",
                .string("https://mobyproject.org/moby/spdx/\(ElementName.of("machine", name, content(of: packages)))")
            ),
            (
                "creationInfo",
                .object([
                    ("created", .string(createdText)),
                    ("creators", .strings(["Organization: moby", "Tool: \(tool)"])),
                    ("licenseListVersion", .string("3.20")),
                ])
            ),
            ("packages", .array([machine] + images.map(Self.element) + elements)),
            ("relationships", .array(relationships)),
            ("hasExtractedLicensingInfos", .array(references(packages))),
        ])
    }

    /// What makes one document another: a namespace names one document for ever (SPDX 2.3, 6.5).
    private func content(of packages: [SoftwarePackage]) -> String {
        ([content, createdText, tool] + images.map { "\($0.reference) \($0.digest)" } + packages.map(\.identity))
            .joined(separator: "\n")
    }

    private static let machineID = "SPDXRef-Machine"

    private var machine: JSONValue {
        Self.package(
            id: Self.machineID, name: name, version: content, supplier: "moby", licence: nil, checksum: nil, url: nil,
            purpose: "OPERATING-SYSTEM")
    }

    private static func id(_ image: Component) -> String {
        "SPDXRef-" + ElementName.of("Image", image.repository, "\(image.reference) \(image.digest)")
    }

    private static func id(_ package: SoftwarePackage) -> String {
        "SPDXRef-" + ElementName.of("Package", "\(package.kind.rawValue)-\(package.name)", package.identity)
    }

    private static func element(_ image: Component) -> JSONValue {
        package(
            id: id(image), name: image.reference, version: image.version, supplier: image.supplier,
            licence: image.licence, checksum: String(image.digest.drop { $0 != ":" }.dropFirst()), url: image.url,
            purpose: "CONTAINER", homepage: image.label("url"), comment: image.uses.joined(separator: ", "))
    }

    private static func element(_ package: SoftwarePackage) -> JSONValue {
        let source = package.source.map { "built from \($0.name) \($0.version)" }
        return self.package(
            id: id(package), name: package.name, version: package.version, supplier: package.supplier,
            licence: package.licence, checksum: package.sha256, url: package.url,
            purpose: package.kind == .golang ? "LIBRARY" : nil, homepage: package.homepage, source: source)
    }

    private static func package(
        id: String, name: String, version: String, supplier: String, licence: LicenceExpression?, checksum: String?,
        url: String?, purpose: String?, homepage: String? = nil, source: String? = nil, comment: String = ""
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            ("SPDXID", .string(id)), ("name", .string(name)), ("versionInfo", .string(version)),
            ("supplier", .string("Organization: \(supplier)")), ("downloadLocation", .string("NOASSERTION")),
            ("filesAnalyzed", .bool(false)), ("licenseConcluded", .string("NOASSERTION")),
            ("licenseDeclared", .string(licence?.text ?? "NOASSERTION")), ("copyrightText", .string("NOASSERTION")),
        ]
        if let checksum {
            members.append(
                (
                    "checksums",
                    .array([.object([("algorithm", .string("SHA256")), ("checksumValue", .string(checksum))])])
                ))
        }
        if let url {
            let reference: [JSONValue.Member] = [
                ("referenceCategory", .string("PACKAGE-MANAGER")), ("referenceType", .string("purl")),
                ("referenceLocator", .string(url)),
            ]
            members.append(("externalRefs", .array([.object(reference)])))
        }
        if let homepage, homepage.hasPrefix("http"), !homepage.contains(where: \.isWhitespace) {
            members.append(("homepage", .string(homepage)))
        }
        if let purpose { members.append(("primaryPackagePurpose", .string(purpose))) }
        if let source { members.append(("sourceInfo", .string(source))) }
        if !comment.isEmpty { members.append(("comment", .string(comment))) }
        return .object(members)
    }

    private var relationships: [JSONValue] {
        func relation(_ first: String, _ type: String, _ second: String) -> JSONValue {
            .object([
                ("spdxElementId", .string(first)), ("relationshipType", .string(type)),
                ("relatedSpdxElement", .string(second)),
            ])
        }
        return [relation("SPDXRef-DOCUMENT", "DESCRIBES", Self.machineID)]
            + images.flatMap { image in
                [relation(Self.machineID, "CONTAINS", Self.id(image))]
                    + Set(image.packages.map(Self.id)).sorted().map { relation(Self.id(image), "CONTAINS", $0) }
            }
    }

    private func references(_ packages: [SoftwarePackage]) -> [JSONValue] {
        let all = (images.compactMap(\.licence) + packages.compactMap(\.licence)).flatMap(\.references)
        return Dictionary(all.map { ($0.id, $0) }) { first, _ in first }.values.sorted { $0.id < $1.id }.map {
            .object([
                ("licenseId", .string($0.id)), ("extractedText", .string($0.text)), ("name", .string($0.name)),
            ])
        }
    }
}
