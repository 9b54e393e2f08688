/// A piece of software with a version of its own: a Debian package, a Go module.
public struct SoftwarePackage: Codable, Sendable, Hashable {
    /// The types of package URLs (package-url specification, PURL-TYPES) that are found in images.
    public enum Kind: String, Codable, Sendable {
        case deb, apk, golang, generic

        /// Who passes packages of this kind on, when the package does not say.
        var supplier: String? {
            switch self {
            case .deb: "Debian"
            case .apk: "Alpine Linux"
            case .golang, .generic: nil
            }
        }
    }

    public var kind: Kind
    public var name: String
    public var version: String
    /// Debian's or Alpine's name of the processor, or `all`.
    public var architecture: String?
    /// `ID` and `VERSION_ID` of os-release(5).
    public var distribution: Distribution?
    /// What it is built from, when that has another name or version.
    public var source: Source?
    /// What else is compiled into it.
    public var usedSources: [Source] = []
    /// SPDX licence expression of all its files.
    public var licence: LicenceExpression?
    /// Of the package's file, in hexadecimal.
    public var sha256: String?
    public var homepage: String?
    /// A package URL that another document gave.
    public var givenURL: String?
    /// Its supplier as another document gave it.
    public var givenSupplier: String?

    public struct Distribution: Codable, Sendable, Hashable {
        public var id: String
        public var version: String?

        public init(id: String, version: String?) { (self.id, self.version) = (id, version) }
    }

    public struct Source: Codable, Sendable, Hashable {
        public var name: String
        public var version: String

        public init(name: String, version: String) { (self.name, self.version) = (name, version) }
    }

    public init(_ kind: Kind, name: String, version: String) {
        (self.kind, self.name, self.version) = (kind, name, version)
    }

    /// Name and version of the source package.
    public var sourcePackage: Source { source ?? Source(name: name, version: version) }

    /// Who passes it on.
    var supplier: String {
        if let known = givenSupplier ?? kind.supplier { return known }
        // A module's path begins with its host and, on the large hosts, its owner.
        let parts = name.split(separator: "/").prefix(2)
        return parts.isEmpty ? name : parts.joined(separator: "/")
    }

    /// The package URL, e.g. `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12`.
    public var url: String {
        if let givenURL { return givenURL }
        var url = PackageURL(type: kind.rawValue, name: name, version: version.isEmpty ? nil : version)
        switch kind {
        case .golang:
            let parts = name.split(separator: "/").map(String.init)
            (url.namespace, url.name) = (Array(parts.dropLast()), parts.last ?? name)
        case .deb, .apk:
            url.namespace = [distribution?.id ?? (kind == .deb ? "debian" : "alpine")]
            url.qualifiers["arch"] = architecture
            if let distribution {
                url.qualifiers["distro"] = [distribution.id, distribution.version].compactMap(\.self).joined(
                    separator: "-")
            }
            if let source {
                url.qualifiers["upstream"] =
                    source.version == version ? source.name : "\(source.name)@\(source.version)"
            }
        case .generic: break
        }
        return url.text
    }
}

/// A package URL (package-url specification, version 1.0): `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`.
public struct PackageURL: Sendable {
    public var type: String
    public var namespace: [String] = []
    public var name: String
    public var version: String?
    public var qualifiers: [String: String] = [:]

    public init(type: String, name: String, version: String?) {
        (self.type, self.name, self.version) = (type, name, version)
    }

    public var text: String {
        var text = "pkg:\(type)/" + (namespace + [name]).map(Self.encoded).joined(separator: "/")
        if let version { text += "@" + Self.encoded(version) }
        let pairs = qualifiers.sorted { $0.key < $1.key }.map { "\($0)=\(Self.encoded($1))" }
        return pairs.isEmpty ? text : text + "?" + pairs.joined(separator: "&")
    }

    /// Everything but the unreserved characters of RFC 3986 and the colon, in UTF-8.
    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
