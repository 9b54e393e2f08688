internal import Glibc

/// Folders with all that is in them. Symbolic links are not followed.
public enum FolderTree {
    /// Makes a folder and those above it, where they are missing.
    /// - Throws: `FileError`.
    public static func make(_ path: String) throws {
        if mkdir(path, 0o777) == 0 { return }
        if errno == EEXIST {
            var info = stat()
            guard stat(path, &info) == 0 else { throw FileError("create", path) }
            guard info.st_mode & S_IFMT == S_IFDIR else { throw FileError("create", path, code: ENOTDIR) }
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw FileError("create", path)
        }
        try make(String(path[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError("create", path) }
    }

    /// Removes a file, a link, or a folder with all that is in it; a missing one is not an error.
    /// - Throws: `FileError`.
    public static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw FileError("remove", path) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// Number and size in bytes of the files at and below a path.
    /// - Throws: `FileError`.
    public static func measure(_ path: String) throws -> (files: Int, bytes: UInt64) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return (0, 0) }
        guard info.st_mode & S_IFMT == S_IFDIR else { return (1, UInt64(info.st_size)) }
        return try names(in: path).reduce((0, 0)) { sum, name in
            let more = try measure("\(path)/\(name)")
            return (sum.0 + more.files, sum.1 + more.bytes)
        }
    }

    /// Names in a folder, sorted; none when it does not exist.
    /// - Throws: `FileError` when it cannot be read, which is not the same as empty.
    public static func names(in folder: String) throws(FileError) -> [String] {
        do { return try rawNames(in: folder).map { String(decoding: $0, as: UTF8.self) }.sorted() } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }

    /// Names in a folder, in no order, and be they no UTF-8.
    /// - Throws: `FileError`, also when it does not exist.
    public static func rawNames(in folder: String) throws(FileError) -> [[UInt8]] {
        guard let handle = opendir(folder) else { throw FileError("read", folder) }
        defer { closedir(handle) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(handle) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        guard errno == 0 else { throw FileError("read", folder) }
        return names
    }
}

/// A temporary folder, gone with all that is in it when this value is; what a killed process left is found by its name
/// and its lock.
public final class WorkFolder {
    public let path: String
    private let lock: FileLock

    /// - Parameters:
    ///   - parent: a folder of the image store, such as `tmp/`.
    ///   - prefix: comes before the process's number in its name.
    /// - Throws: `FileError`.
    public init(in parent: String, prefix: String = "") throws {
        path = "\(parent)/\(prefix)\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        guard mkdir(path, 0o700) == 0 else { throw FileError("create", path) }
        lock = FileLock(path)
    }

    /// Removes the files and folders called `PREFIX PID-…` of processes that are gone.
    public static func removeAbandoned(in parent: String, prefix: String = "") {
        for name in (try? FolderTree.names(in: parent)) ?? [] where name.hasPrefix(prefix) {
            let parts = name.dropFirst(prefix.count).split(
                separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let process = Int32(parts[0]), process > 0 else { continue }
            let path = "\(parent)/\(name)"
            if PartialFiles.isAbandoned(path, by: process) { try? FolderTree.remove(path) }
        }
    }

    deinit { try? FolderTree.remove(path) }
}

/// Says, for as long as it lives, that a file is in use: a lock of flock(2), which processes in other containers see as
/// well.
public final class FileLock {
    private let number: Int32

    /// Notes the use of an existing file. Where it cannot be noted, nothing happens: some file systems have no
    /// locks.
    public init(_ path: String) {
        number = open(path, O_RDONLY | O_CLOEXEC)
        if number >= 0 { _ = flock(number, LOCK_SH | LOCK_NB) }
    }

    deinit { if number >= 0 { close(number) } }

    /// Whether no process uses a file; false where that is unknown.
    static func isFree(_ path: String) -> Bool {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return false }
        defer { close(number) }
        return flock(number, LOCK_EX | LOCK_NB) == 0
    }
}
