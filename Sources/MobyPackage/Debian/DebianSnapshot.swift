internal import Extents

/// Archives that keep old versions of Debian packages, such as Debian's snapshots. What comes from them is
/// compared with the SHA-256 in the lock, so their signatures are not needed.
struct DebianSnapshot: Equatable, Sendable {
    /// The variable that names them: URLs with spaces between them.
    static let variable = "MOBY_DEBIAN_SNAPSHOT"

    private let patterns: [String]

    /// - Throws: `PackageError.snapshot` for a word that is not a URL.
    init(_ environment: [String: String]) throws {
        patterns = (environment[Self.variable] ?? "").split(separator: " ").map(String.init)
        for pattern in patterns where !["http://", "https://", "file:/"].contains(where: pattern.hasPrefix) {
            throw PackageError.snapshot(pattern)
        }
    }

    var isEmpty: Bool { patterns.isEmpty }

    /// Where a package may be. A URL without placeholders is that of an archive, which has a folder `pool`.
    /// - Parameter folder: that of another version in an archive, e.g. `pool/main/n/nginx`; nil where it is unknown.
    func urls(of package: LockedPackage, folder: String?) -> [String] {
        let version = package.version.split(separator: ":", maxSplits: 1).last.map(String.init) ?? package.version
        let file = "\(package.name)_\(version)_\(package.architecture).deb"
        let values = [
            "{name}": package.name, "{version}": version, "{arch}": package.architecture, "{sha256}": package.sha256,
            "{file}": file, "{pool}": folder ?? Self.usualFolder(package.name),
        ]
        return patterns.map { pattern in
            let isArchive = !values.keys.contains { pattern.contains($0) }
            let whole = isArchive ? (pattern.hasSuffix("/") ? pattern : pattern + "/") + "{pool}/{file}" : pattern
            return values.reduce(whole) { $0.replacing($1.key, with: $1.value) }
        }
    }

    /// Of a package that is built from a source of its name.
    private static func usualFolder(_ name: String) -> String {
        "pool/main/\(name.prefix(name.hasPrefix("lib") ? 4 : 1))/\(name)"
    }
}
