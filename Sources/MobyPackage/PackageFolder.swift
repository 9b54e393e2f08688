internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyBuild
internal import MobySpec

/// A folder with a `build.yml`: what is in it, read once.
public struct PackageFolder: Sendable {
    /// Absolute.
    public let path: String
    public let spec: PackageSpec
    /// The bytes of `build.yml`.
    let text: [UInt8]
    /// nil when there is no `build.lock`.
    public let lock: PackageLock?
    /// Lines of the files that `paths:` names.
    private let lists: [String: [String]]

    public static let fileName = "build.yml"

    /// - Throws: `SpecError` with every fault of `build.yml` and `build.lock`; `FileError`.
    public init(_ path: String) throws {
        let path = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL.path
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        text = try Self.read("\(self.path)/\(Self.fileName)")
        spec = try PackageSpecReader.read(String(decoding: text, as: UTF8.self), file: "\(self.path)/\(Self.fileName)")
        let lockPath = "\(self.path)/\(PackageLock.fileName)"
        lock =
            FileManager.default.fileExists(atPath: lockPath)
            ? try PackageLock(String(decoding: Self.read(lockPath), as: UTF8.self), file: lockPath) : nil
        var lists: [String: [String]] = [:]
        for case .list(let name) in spec.files.map(\.place) {
            let text = String(decoding: try Self.read("\(self.path)/\(name)"), as: UTF8.self)
            lists[name] = text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }
        self.lists = lists
    }

    func lines(of list: String) -> [String] { lists[list] ?? [] }

    func source(_ name: String) -> Source { Source(path: "\(path)/\(name)") }

    /// The locked closure for an architecture, when it answers what `build.yml` asks for now; nil when it must be resolved.
    func closure(architecture: String) -> PackageLock.Closure? {
        let wants = wants(architecture: architecture)
        if wants.isEmpty { return PackageLock.Closure(wants: [], packages: []) }
        return lock?.closures[architecture].flatMap { $0.wants == wants ? $0 : nil }
    }

    /// What decides on the closure, for the lock: package names, `-pattern` of those left out, and a hash of the files chosen.
    func wants(architecture: String) -> [String] {
        var wants = spec.requests(architecture: architecture).sorted() + spec.exclude.sorted().map { "-\($0)" }
        guard !wants.isEmpty, let only = spec.only else { return wants }
        var chosen = only
        for case .concatenation(let patterns) in spec.files.map(\.content) { chosen += patterns }
        wants.append("only:\(SHA256.hash(Array(chosen.joined(separator: "\n").utf8)).prefix(12))")
        return wants
    }

    private static func read(_ path: String) throws -> [UInt8] {
        try ExtentReader.bytes(of: ExtentList(file: path))
    }
}

extension PackageFolder {
    /// A file, or a folder with all in it.
    struct Source {
        struct Entry {
            /// Below the source; empty for the source itself.
            let name: String
            let path: String
            let isDirectory: Bool
            let isExecutable: Bool
        }

        let path: String

        /// The source itself, then what lies in it, in order of names.
        func entries() throws -> [Entry] {
            let top = try entry("")
            guard top.isDirectory else { return [top] }
            guard let names = try? FileManager.default.subpathsOfDirectory(atPath: path) else { throw FileError("read", path) }
            return try [top] + names.sorted().map(entry)
        }

        private func entry(_ name: String) throws -> Entry {
            let path = name.isEmpty ? self.path : "\(self.path)/\(name)"
            var info = stat()
            guard stat(path, &info) == 0 else { throw FileError("read", path) }
            return Entry(
                name: name, path: path, isDirectory: info.st_mode & S_IFMT == S_IFDIR, isExecutable: info.st_mode & S_IXUSR != 0)
        }
    }
}
