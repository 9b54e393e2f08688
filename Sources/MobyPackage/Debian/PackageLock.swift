internal import Extents
internal import MobySpec

/// `build.lock`: the Debian packages of an image, for each architecture it was resolved for.
///
/// ```
/// # The Debian packages of this image, written by 'moby pkg lock'. Commit this file.
/// amd64 wants nginx-light
/// amd64 nginx 1.22.1-9+deb12u10 amd64 cc7ae3…
/// ```
public struct PackageLock: Sendable, Equatable {
    public struct Closure: Sendable, Equatable {
        /// The request: package names, then `-pattern` of excluded ones.
        public var wants: [String]
        public var packages: [LockedPackage]

        public init(wants: [String], packages: [LockedPackage]) {
            self.wants = wants
            self.packages = packages.sorted()
        }
    }

    public static let fileName = "build.lock"

    public var closures: [String: Closure] = [:]

    public init() {}

    /// - Throws: `SpecError` with every bad line.
    public init(_ text: String, file: String) throws {
        var diagnostics: [Diagnostic] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(separator: " ").map(String.init)
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            if fields.count > 1, fields[1] == "wants" {
                closures[first] = Closure(wants: Array(fields.dropFirst(2)), packages: [])
                continue
            }
            let package =
                fields.count == 5
                ? LockedPackage(name: fields[1], version: fields[2], architecture: fields[3], sha256: fields[4]) : nil
            guard let package, package.hasDigest, closures[first] != nil else {
                diagnostics.append(
                    Diagnostic(
                        at: SourceLocation(file: file, line: index + 1, column: 1),
                        "'\(PlainText.short(line, limit: 200))' is not a locked package: expected '<arch> <name> <version> <architecture> <sha256>' after '<arch> wants …'",
                        hint: "regenerate the file with 'moby pkg lock'"))
                continue
            }
            closures[first]?.packages.append(package)
        }
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
    }

    /// The file's text: the same lock always gives the same bytes.
    public var text: String {
        var lines = ["# The Debian packages of this image, written by 'moby pkg lock'. Commit this file."]
        for (architecture, closure) in closures.sorted(by: { $0.key < $1.key }) {
            lines.append("\(architecture) wants \(closure.wants.joined(separator: " "))")
            lines += closure.packages.sorted().map {
                "\(architecture) \($0.text)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

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

    /// Reads ``text``.
    /// - Returns: nil for anything else.
    public init?(parsing text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4 else { return nil }
        self.init(name: words[0], version: words[1], architecture: words[2], sha256: words[3])
        guard hasDigest else { return nil }
    }

    /// Name, version, architecture and SHA-256.
    public var text: String { "\(name) \(version) \(architecture) \(sha256)" }

    public static func < (a: LockedPackage, b: LockedPackage) -> Bool { (a.name, a.version) < (b.name, b.version) }

    var hasDigest: Bool {
        sha256.utf8.count == 64 && sha256.utf8.allSatisfy { $0.isLowercaseHexDigit }
    }
}
