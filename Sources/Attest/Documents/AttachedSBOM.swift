public import JSON

/// The packages of an SPDX document that came with an image: an in-toto statement, or the document itself. Other
/// people's tools wrote it.
public enum AttachedSBOM {
    /// Prefix of the predicate types of SPDX documents in in-toto statements.
    public static let predicateType = "https://spdx.dev/Document"
    /// Elements of a document that are read.
    private static let limit = 100_000

    /// Packages with a name and a version, in order. Files and operating systems are left out.
    /// - Throws: `JSONError` for another text.
    public static func packages(_ bytes: [UInt8]) throws(JSONError) -> [SoftwarePackage] {
        let whole = try JSONValue(parsing: bytes)
        let document = whole["predicate"] ?? whole
        guard document["spdxVersion"]?.string?.hasPrefix("SPDX-2") == true, let packages = document["packages"]?.array
        else { throw JSONError("no SPDX 2 document with packages") }
        var texts: [String: String] = [:]
        for licence in document["hasExtractedLicensingInfos"]?.array ?? [] {
            guard let id = licence["licenseId"]?.string else { continue }
            texts[id.lowercased()] = licence["extractedText"]?.string
        }
        return packages.prefix(limit).compactMap { package($0, texts) }
    }

    private static func package(_ element: JSONValue, _ texts: [String: String]) -> SoftwarePackage? {
        guard let name = element["name"]?.string, !name.isEmpty, let version = element["versionInfo"]?.string,
            !version.isEmpty, element["primaryPackagePurpose"]?.string != "OPERATING-SYSTEM"
        else { return nil }
        var package = SoftwarePackage(.generic, name: name, version: version)
        package.givenURL =
            element["externalRefs"]?.array?.first { $0["referenceType"]?.string == "purl" }?[
                "referenceLocator"]?.string
        guard package.givenURL?.hasPrefix("pkg:") ?? true else { return nil }
        package.givenSupplier = element["supplier"]?.string.flatMap { supplier in
            let parts = supplier.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? String(parts[1].drop { $0 == " " }) : nil
        }
        if let text = element["licenseDeclared"]?.string, text != "NOASSERTION", text != "NONE" {
            package.licence = LicenceExpression(spdx: text, scope: "Attached", texts: texts)
        }
        return package
    }
}

extension SoftwarePackage {
    /// Equal for two descriptions of one package, whatever else they say: the package URL up to its qualifiers.
    public var key: String { String(url.prefix { $0 != "?" }) }
}
