internal import Extents
internal import FoundationEssentials
internal import Glibc
public import MobySpec

/// A folder with a `build.yml`, read once.
public struct PackageFolder: Sendable {
    /// Absolute.
    public let path: String
    /// The path in messages: relative when it is below the working folder.
    public let shownPath: String
    public let spec: PackageSpec
    /// The bytes of `build.yml`.
    let text: [UInt8]
    /// nil without a `build.lock`.
    public private(set) var lock: PackageLock?
    /// Where ``lock`` is written: `build.lock`, or a file in its place.
    private(set) var lockPath: String
    /// Whether ``lock`` is in a file in place of `build.lock`.
    private(set) var isLockReplaceable = false
    /// Whether the lock of a spec decides, so that no package may be replaced.
    private(set) var isPinned = false
    /// Lines of the files that `paths:` names.
    private let lists: [String: [String]]

    public static let fileName = "build.yml"
    /// Of `build.yml`, `build.lock` and lists, in bytes.
    private static let sizeLimit: UInt64 = 16 << 20

    /// - Throws: `SpecError` with every error of `build.yml` and `build.lock`; `PackageError` for a folder of another
    ///   kind; `FileError`.
    public init(_ path: String) throws {
        let absolute = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL.path
        self.path = absolute.count > 1 && absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
        shownPath = try Self.shown(self.path)
        try Self.checkKind(self.path, shown: shownPath)
        text = try HostFiles.read("\(self.path)/\(Self.fileName)", limit: Self.sizeLimit)
        spec = try PackageSpecReader.read(String(decoding: text, as: UTF8.self), file: "\(shownPath)/\(Self.fileName)")
        lockPath = "\(self.path)/\(PackageLock.fileName)"
        let lockFile = "\(shownPath)/\(PackageLock.fileName)"
        lock = try HostFiles.readIfPresent(lockPath, limit: Self.sizeLimit).map {
            try PackageLock(String(decoding: $0, as: UTF8.self), file: lockFile)
        }
        var lists: [String: [String]] = [:]
        for case .list(let name) in spec.files.map(\.target) {
            lists[name.value] = try Self.list(name, in: self.path, shown: shownPath)
        }
        self.lists = lists
    }

    /// Takes the lock from a file that is in place of `build.lock`, named by a hash of the definition: that of another
    /// version is not read.
    mutating func replaceLock(below folder: String) throws {
        let definition = SHA256.hash(text + [0] + Array((lock?.text ?? "").utf8)).hex
        lockPath = "\(folder)/\(definition).lock"
        isLockReplaceable = true
        guard let text = try HostFiles.readIfPresent(lockPath, limit: Self.sizeLimit) else { return }
        // A damaged one is written again when it is needed.
        if let found = try? PackageLock(String(decoding: text, as: UTF8.self), file: lockPath) { lock = found }
    }

    /// Takes the Debian packages of an architecture from the lock of a spec.
    mutating func pin(_ packages: [LockedPackage], architecture: String) {
        var lock = lock ?? PackageLock()
        lock.closures[architecture] = PackageLock.Closure(wants: wants(architecture: architecture), packages: packages)
        (self.lock, isPinned) = (lock, true)
    }

    func lines(of list: Located<String>) -> [String] { lists[list.value] ?? [] }

    func source(_ name: Located<String>) throws -> Source { try Source(name, in: path) }

    /// Paths that a file next to `build.yml` lists, one per line.
    private static func list(_ name: Located<String>, in folder: String, shown: String) throws -> [String] {
        let text = try HostFiles.text(Source(name, in: folder).path, limit: sizeLimit)
        var diagnostics: [Diagnostic] = []
        var lines: [String] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            let location = SourceLocation(file: "\(shown)/\(name.value)", line: index + 1, column: 1)
            if let error = PackageSpecReader.error(ofPath: String(line), at: location) { diagnostics.append(error) }
            lines.append(String(line))
        }
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
        return lines
    }

    /// LinuxKit's packages are built from a Dockerfile, which must not be ignored silently.
    private static func checkKind(_ path: String, shown: String) throws {
        guard try HostFiles.exists(path) else { throw FileError("read", shown, code: ENOENT) }
        guard try HostFiles.isFolder(path) else { throw PackageError.notAFolder(shown) }
        for name in ["Dockerfile", "Containerfile"] where try HostFiles.exists("\(path)/\(name)") {
            throw PackageError.dockerfile(shown, name)
        }
        guard try HostFiles.exists("\(path)/\(fileName)") else { throw PackageError.noBuildFile(shown) }
    }

    private static func shown(_ path: String) throws -> String {
        let here = try HostFiles.currentFolder()
        return path.hasPrefix("\(here)/") ? String(path.dropFirst(here.utf8.count + 1)) : path
    }

    /// Why ``closure(architecture:)`` is nil.
    func unlocked(_ architecture: String) -> PackageError {
        guard let lock, !lock.closures.isEmpty else { return .unlocked(shownPath) }
        guard lock.closures[architecture] == nil else { return .stale(shownPath, architecture) }
        return .unlockedArchitecture(shownPath, architecture, locked: lock.closures.keys.sorted())
    }

    /// The locked closure for an architecture, if it matches `build.yml`; nil when it must be resolved.
    func closure(architecture: String) -> PackageLock.Closure? {
        let wants = wants(architecture: architecture)
        if wants.isEmpty { return PackageLock.Closure(wants: [], packages: []) }
        return lock?.closures[architecture].flatMap { $0.wants == wants ? $0 : nil }
    }

    /// What the closure depends on, for the lock: package names, `-pattern` of excluded ones, and a hash of the
    /// selected files.
    func wants(architecture: String) -> [String] {
        var wants =
            spec.requests(architecture: architecture).map(\.value).sorted()
            + spec.exclude.map { "-\($0.value)" }.sorted()
        guard !wants.isEmpty, let only = spec.only else { return wants }
        var chosen = only
        for case .concatenation(let patterns) in spec.files.map(\.content) { chosen += patterns }
        wants.append("only:\(SHA256.hash(Array(chosen.map(\.value).joined(separator: "\n").utf8)).hex.prefix(12))")
        return wants
    }
}
