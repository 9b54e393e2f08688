internal import Glibc

/// A temporary folder, gone with all that is in it when this value is; what a killed process left is found by its name
/// and its lock.
public final class WorkFolder {
    public let path: String
    private let lock: FileLock

    /// - Parameters:
    ///   - parent: a folder of the image store, such as `tmp/`.
    ///   - prefix: comes before the process's number in its name.
    /// - Throws: `FileError`.
    public convenience init(in parent: String, prefix: String = "") throws(FileError) {
        try self.init(at: "\(parent)/\(prefix)\(Self.newName())")
    }

    /// - Parameter path: ends with a ``newName()``.
    /// - Throws: `FileError`.
    public init(at path: String) throws(FileError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 else { throw FileError("create", path) }
        lock = FileLock(path)
    }

    /// `PID-RANDOM`: the process, and 64 random bits in base 36.
    public static func newName() -> String { "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))" }

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
