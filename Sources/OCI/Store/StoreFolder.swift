internal import Extents
internal import Glibc
internal import Synchronization

/// The folder of an image store: its kind, its mark, and the processes that use it.
///
/// Only moby writes the mark, and only into a folder that it made or found empty. Stores of versions before the mark
/// are recognised by having all of its entries and no others. Everything is created when something is first written.
final class StoreFolder: Sendable {
    /// The file that marks a store. Every process that writes to the store holds a shared lock on it (flock(2)).
    static let markName = "moby-store"
    static let version = "1"
    private static let mark =
        "version \(version)\nAn image store of moby. 'moby cache clean' removes what moby wrote here, and nothing else.\n"

    enum Access { case reading, writing }

    enum Kind: Equatable {
        /// It does not exist, or is not accessible.
        case absent
        case empty
        case marked
        /// Created by a version that wrote no mark.
        case unmarked
        /// Something else, perhaps mixed with the store of an older version.
        case foreign([String], looksLikeStore: Bool)
        case newer(String)
    }

    /// As the user names it.
    let path: String
    /// Where files are read and written: the folder, or, for a reader without a store, a temporary folder.
    let root: String
    private let isScratch: Bool
    /// Why a folder that a reader takes for an empty store is not one.
    let foreign: StoreError?

    private struct State {
        var isPrepared = false
        /// The mark, open and locked.
        var lock: Int32 = -1
        var scratch: WorkFolder?
        var damage: [StoreDamage] = []
        var verified: Set<String> = []
        /// Used unpacked by this process, and too large to stay so.
        var large: Set<Digest> = []
    }
    private let state = Mutex(State())

    /// - Throws: `StoreError` for a file, and for a folder that is something else; a reader treats that as an
    /// empty store.
    init(_ path: String, _ access: Access) throws {
        // "store/" and "store" are one.
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        switch try Self.kind(of: path) {
        case .marked, .unmarked: (isScratch, foreign) = (false, nil)
        case .newer(let version): throw StoreError.newer(path, version)
        case .absent, .empty: (isScratch, foreign) = (access == .reading, nil)
        case .foreign(let names, let looksLikeStore):
            let error = StoreError.foreign(path, names, looksLikeStore: looksLikeStore)
            if access == .writing { throw error }
            (isScratch, foreign) = (true, error)
        }
        root = isScratch ? "\(HostFiles.temporaryFolder)/\(Self.scratchPrefix)\(WorkFolder.newName())" : path
    }

    deinit {
        state.withLock {
            if $0.lock >= 0 { close($0.lock) }
        }
    }

    static func kind(of path: String) throws -> Kind {
        do { return try accessibleKind(of: path) } catch let error as FileError where error.code == EACCES {
            return .absent
        }
    }

    private static func accessibleKind(of path: String) throws -> Kind {
        guard try HostFiles.isFolder(path) || !HostFiles.isTaken(path) || HostFiles.link(path) != nil else {
            throw StoreError.notAFolder(path)
        }
        let markPath = "\(path)/\(markName)"
        if try HostFiles.isTaken(markPath), try HostFiles.size(markPath) == nil || HostFiles.link(markPath) != nil {
            return .foreign([markName], looksLikeStore: false)
        }
        let mark = try HostFiles.readIfFit(markPath, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
        if let first = mark?.split(separator: "\n").first, first.hasPrefix("version ") {
            let found = String(first.dropFirst("version ".count))
            return found == version ? .marked : .newer(found)
        }
        var names = try FolderTree.names(in: path)
        // File systems have it at their root.
        names.removeAll { $0 == "lost+found" }
        guard !names.isEmpty else { return try HostFiles.isFolder(path) ? .empty : .absent }
        // Another process may be writing the mark.
        let own = names.filter { !$0.hasPrefix(markName) && $0 != StoreNames.early }
        if own.isEmpty { return .empty }
        let others = own.filter { !StoreNames.isOwn(top: $0) }
        let hasAll =
            try StoreNames.files.allSatisfy { try HostFiles.size("\(path)/\($0)") != nil }
            && ["blobs/sha256", "refs", "layers", "tmp"].allSatisfy { try HostFiles.isFolder("\(path)/\($0)") }
        return hasAll && others.isEmpty ? .unmarked : .foreign(others.isEmpty ? own : others, looksLikeStore: hasAll)
    }

    /// Creates missing folders and files, marks the folder, records its use, and removes what killed processes left.
    /// Once for each value.
    /// - Throws: `StoreError`.
    func prepare() throws {
        try state.withLock { state in
            guard !state.isPrepared else { return }
            do {
                if isScratch { state.scratch = try makeScratch() } else { try makeFolder() }
                for folder in ["/blobs", "/blobs/sha256", "/refs", "/layers", "/segments", "/tmp"] {
                    try FolderTree.make("\(root)\(folder)")
                }
            } catch let problem as FileError { throw StoreError.unusable(path, problem) }
            // flock(2) sees two files where one process opened the mark twice: it would wait for itself.
            if state.lock < 0, !isScratch { state.lock = try shareLock() }
            state.isPrepared = true
        }
        removeAbandoned()
    }

    /// Marks a store of an older version; anything else stays as it is.
    func adopt() throws {
        guard !isScratch, try Self.kind(of: root) == .unmarked else { return }
        do { try writeMark() } catch let problem as FileError { throw StoreError.unusable(path, problem) }
    }

    /// Writes a damaged mark again.
    func replaceMark() throws {
        do { try writeMark(replacing: true) } catch let problem as FileError {
            throw StoreError.unusable(path, problem)
        }
    }

    private static let scratchPrefix = "moby-scratch-"

    /// A folder in which a reader without a store unpacks.
    private func makeScratch() throws -> WorkFolder {
        WorkFolder.removeAbandoned(in: HostFiles.temporaryFolder, prefix: Self.scratchPrefix)
        return try WorkFolder(at: root)
    }

    private func makeFolder() throws {
        switch try Self.kind(of: root) {
        case .marked: return
        case .newer(let version): throw StoreError.newer(path, version)
        case .foreign(let names, let looksLikeStore):
            throw StoreError.foreign(path, names, looksLikeStore: looksLikeStore)
        case .absent: try FolderTree.make(root)
        case .empty, .unmarked: break
        }
        try writeMark()
    }

    /// Whether there is a mark without its text: a loss of power may leave it empty.
    func hasDamagedMark() throws -> Bool {
        guard let bytes = try HostFiles.readIfFit("\(root)/\(Self.markName)", limit: .max) else { return false }
        return !bytes.starts(with: "version \(Self.version)\n".utf8)
    }

    /// Before anything else is written: a folder with files and no mark is not a store.
    private func writeMark(replacing: Bool = false) throws {
        let file = try PartialFile("\(root)/\(Self.markName)")
        try Array(Self.mark.utf8).withUnsafeBytes { try file.append($0) }
        try file.sync()
        let path = "\(root)/\(Self.markName)"
        if !replacing, try file.commitIfFree(to: path) { return }
        // Another process was faster, or the file system lacks that call.
        if try replacing || !HostFiles.exists(path) || HostFiles.size(path) == 0 { try file.commit() }
    }

    /// - Returns: the mark, open; -1 where there are no locks.
    private func shareLock() throws -> Int32 {
        let path = "\(root)/\(Self.markName)"
        while true {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw StoreError.unusable(self.path, FileError("open", path)) }
            while flock(file, LOCK_SH) != 0 {
                guard errno == EINTR else {
                    close(file)
                    return -1
                }
            }
            // A process that removed the store meanwhile removed the mark that was locked.
            var (held, named) = (stat(), stat())
            if fstat(file, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino { return file }
            close(file)
            do { try makeFolder() } catch let problem as FileError { throw StoreError.unusable(self.path, problem) }
        }
    }

    /// Runs `body` while no other process begins to write.
    /// - Parameter body: gets whether no other process writes now; false also where that is unknown.
    func alone<Value>(_ body: (Bool) throws -> Value) rethrows -> Value {
        let file = state.withLock { state in
            if state.lock < 0 { state.lock = open("\(root)/\(Self.markName)", O_RDONLY | O_CLOEXEC) }
            return state.lock
        }
        guard file >= 0 else { return try body(false) }
        defer { _ = flock(file, LOCK_SH) }
        return try body(flock(file, LOCK_EX | LOCK_NB) == 0)
    }

    private func removeAbandoned() {
        WorkFolder.removeAbandoned(in: "\(root)/tmp")
        ContentStore.removeOldPartials(in: "\(root)/tmp")
        PartialFiles.removeAbandoned(of: ["\(root)/\(Self.markName)"])
        PartialFiles.removeAbandoned(in: "\(root)/segments") { StoreNames.isOwn($0, in: "segments") }
    }

    /// What was found damaged and removed, in order.
    var damage: [StoreDamage] { state.withLock(\.damage) }

    func note(_ damage: StoreDamage) { state.withLock { $0.damage.append(damage) } }

    /// Whether a file was compared with its digest by this process, and is the same file still.
    func isVerified(_ path: String) -> Bool {
        guard let identity = Self.identity(path) else { return false }
        return state.withLock { $0.verified.contains(identity) }
    }

    func note(large layer: Digest) { state.withLock { _ = $0.large.insert(layer) } }

    /// What was noted, once.
    func takeLarge() -> Set<Digest> {
        state.withLock { state in
            defer { state.large = [] }
            return state.large
        }
    }

    func note(verified path: String) {
        guard let identity = Self.identity(path) else { return }
        state.withLock { _ = $0.verified.insert(identity) }
    }

    private static func identity(_ path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return "\(path) \(info.st_dev) \(info.st_ino) \(info.st_size) \(info.st_mtim.tv_sec) \(info.st_mtim.tv_nsec)"
    }
}
