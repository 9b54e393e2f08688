internal import Extents

/// What a machine consists of: images, and the packages in them.
public struct Bill: Sendable {
    /// Name of the build.
    public var name: String
    /// In seconds since 1970.
    public var created: UInt64
    /// The program that makes it, e.g. `moby-1.2.0`.
    public var tool: String
    public var images: [Component]
    /// Digest of all that the machine is made from, in hexadecimal: its version.
    public var content: String

    public init(name: String, created: UInt64, tool: String, images: [Component], content: String) {
        (self.name, self.created, self.tool, self.images, self.content) = (name, created, tool, images, content)
    }

    /// An image.
    public struct Component: Sendable {
        /// E.g. `docker.io/library/nginx:1.27`.
        public var reference: String
        /// Reference without tag and digest.
        public var repository: String
        public var tag: String?
        /// Of the platform's manifest, `sha256:…`.
        public var digest: String
        public var architecture: String
        public var labels: [String: String]
        public var packages: [SoftwarePackage]
        /// What the image is for, e.g. `services`.
        public var uses: [String]

        public init(
            reference: String, repository: String, tag: String?, digest: String, architecture: String,
            labels: [String: String], packages: [SoftwarePackage], uses: [String]
        ) {
            (self.reference, self.repository, self.tag, self.digest) = (reference, repository, tag, digest)
            (self.architecture, self.labels, self.packages, self.uses) = (architecture, labels, packages, uses)
        }

        /// A label of the OCI's annotations (image-spec, annotations.md), where it says something.
        func label(_ name: String) -> String? {
            labels["org.opencontainers.image.\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }

        var licence: LicenceExpression? { label("licenses").flatMap { LicenceExpression(spdx: $0, scope: "Image") } }

        var version: String { label("version") ?? tag ?? digest }

        /// Who passes the image on: its label, else the registry with the owner of the repository.
        var supplier: String {
            if let vendor = label("vendor") { return vendor }
            let parts = repository.split(separator: "/")
            return parts.count > 1 ? parts.dropLast().joined(separator: "/") : repository
        }

        /// `pkg:oci/NAME@sha256:…?repository_url=…` (PURL-TYPES, oci).
        var url: String {
            let name = repository.split(separator: "/").last.map(String.init) ?? repository
            var url = PackageURL(type: "oci", name: name.lowercased(), version: digest)
            url.qualifiers = ["arch": architecture, "repository_url": repository.lowercased()]
            url.qualifiers["tag"] = tag
            return url.text
        }
    }

    /// Every package once, in order; the same one may be in several images.
    var packages: [SoftwarePackage] {
        let all = Dictionary(images.flatMap(\.packages).map { ($0.identity, $0) }) { first, _ in first }
        return all.sorted { $0.key < $1.key }.map(\.value)
    }

    /// RFC 3339, in UTC.
    var createdText: String {
        let days = Int(created / 86_400)
        let seconds = Int(created % 86_400)
        // Days to year, month and day: H. Hinnant's civil_from_days.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted - era * 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let ofYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let date = (
            year: year + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
            day: ofYear - (153 * month + 2) / 5 + 1
        )
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))T\(two(seconds / 3600)):"
            + "\(two(seconds / 60 % 60)):\(two(seconds % 60))Z"
    }
}

extension SoftwarePackage {
    /// Equal for what is the same package in several images.
    var identity: String { "\(url) \(sha256 ?? "")" }
}

/// Identifiers within documents: letters, digits, dots and hyphens (SPDX 2.3, 3.2).
enum ElementName {
    static func of(_ kind: String, _ name: String, _ identity: String) -> String {
        let kept = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
        return "\(kind)-\(String(kept.prefix(60)))-\(SHA256.hash(Array(identity.utf8)).hex.prefix(12))"
    }
}
