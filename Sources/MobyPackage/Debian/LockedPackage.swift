/// One Debian package, pinned to its bytes.
public struct LockedPackage: Sendable, Hashable, Comparable {
    public var name: String
    public var version: String
    /// `all` or a Debian architecture.
    public var architecture: String
    /// SHA-256 of the `.deb` file, 64 lower-case hexadecimal digits.
    public var sha256: String

    public init(name: String, version: String, architecture: String, sha256: String) {
        self.name = name
        self.version = version
        self.architecture = architecture
        self.sha256 = sha256
    }

    public static func < (a: LockedPackage, b: LockedPackage) -> Bool { (a.name, a.version) < (b.name, b.version) }

    var hasDigest: Bool {
        sha256.utf8.count == 64 && sha256.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
