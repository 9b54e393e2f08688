internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A file under a temporary name until it is complete. It is removed unless ``commit()`` was reached, also when a
/// signal ends the process.
public final class PartialFile {
    /// The final name, or the temporary one while none is known; for errors.
    let path: String
    /// Where the bytes are until ``commit()``.
    public let temporary: String
    let file: OpenFile
    private let slot: Int32
    private var committed = false
    /// Whether it stays when it is not committed.
    private let isKept: Bool

    private static let counter = Atomic<UInt64>(0)

    /// A file next to its final name.
    /// - Parameter mode: permission bits, less the process's umask.
    /// - Throws: `ExtentError.notRegular` when a folder or device has the name; `FileError`.
    public init(_ path: String, mode: UInt32 = 0o644) throws {
        try Self.checkReplaceable(path)
        self.path = path
        while true {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let temporary = "\(path).partial.\(getpid()).\(number)"
            do {
                (file, slot) = try Self.create(temporary, mode)
                self.temporary = temporary
                isKept = false
                return
            } catch {
                // Left by a process of the same number, perhaps in another container.
                guard error.code == EEXIST else { throw FileError("write", path, code: error.code) }
            }
        }
    }

    /// A file in a folder for such files; its final name is known at ``commit(to:permissions:)``. The file of a killed
    /// process is found by its name and its lock: see ``WorkFolder/removeAbandoned(in:prefix:)``.
    /// - Throws: `FileError`.
    public init(in folder: String) throws {
        temporary = "\(folder)/\(WorkFolder.newName())"
        path = temporary
        isKept = false
        (file, slot) = try Self.create(temporary, 0o600)
    }

    /// A file that stays when it is not committed, so that a later process can go on with it. What is written goes
    /// after what it has.
    /// - Returns: nil when another process has it, or it is that of another user.
    /// - Throws: `FileError`.
    public init?(continuing path: String) throws {
        guard let file = try Self.openOwn(path) else { return nil }
        var (held, named) = (stat(), stat())
        // The process that had the lock may have moved the file away before it let go.
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0, fstat(file.number, &held) == 0, stat(path, &named) == 0,
            held.st_ino == named.st_ino, held.st_dev == named.st_dev
        else { return nil }
        guard lseek(file.number, 0, SEEK_END) >= 0 else { throw FileError("read", path) }
        (self.path, temporary, self.file, slot, isKept) = (path, path, file, -1, true)
    }

    /// - Returns: nil for the file of another user, in a store of several.
    private static func openOwn(_ path: String) throws -> OpenFile? {
        do {
            return try OpenFile(path, .readWrite, [.create, .noFollow], permissions: .ownerReadWrite, verb: "create")
        } catch  where error.code == EACCES { return nil }
    }

    /// Removes a file that ``init(continuing:)`` made, unless a process has it.
    public static func removeUnlocked(_ path: String) {
        guard FileLock.isFree(path) else { return }
        unlink(path)
    }

    private static func create(_ path: String, _ mode: UInt32) throws(FileError) -> (OpenFile, Int32) {
        let slot = moby_partial_add(path)
        do {
            let file = try OpenFile(
                path, .readWrite, [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: mode),
                verb: "create")
            _ = flock(file.number, LOCK_SH | LOCK_NB)
            return (file, slot)
        } catch {
            moby_partial_remove(slot)
            throw error
        }
    }

    /// - Throws: `ExtentError.notRegular` for a name that a file cannot take.
    public static func checkReplaceable(_ path: String) throws {
        if let info = try HostFiles.status(path), info.st_mode & S_IFMT != S_IFREG {
            throw ExtentError.notRegular(path: path)
        }
    }

    deinit {
        if !committed, !isKept { discard() }
    }

    /// Removes the file, also one that would stay.
    public func discard() {
        guard !committed else { return }
        unlink(temporary)
        settle()
    }

    /// Size in bytes.
    /// - Throws: `FileError`.
    public func size() throws -> UInt64 {
        var info = stat()
        guard fstat(file.number, &info) == 0 else { throw FileError("read", temporary) }
        return UInt64(info.st_size)
    }

    /// Adds bytes at the end, without a buffer.
    /// - Throws: `FileError`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes, path) }

    /// Waits until the bytes are on the disk: after a loss of power the file is whole.
    /// - Throws: `FileError`.
    public func sync() throws(FileError) {
        guard fsync(file.number) == 0 else { throw FileError("write", path, file: file.number) }
    }

    /// Drops what was written.
    /// - Throws: `FileError`.
    public func restart() throws {
        guard ftruncate(file.number, 0) == 0, lseek(file.number, 0, SEEK_SET) == 0 else {
            throw FileError("truncate", path)
        }
    }

    /// Gives the file its final name.
    /// - Throws: `FileError`.
    public func commit() throws { try commit(to: path) }

    /// Gives the file a name on the same file system, and replaces a file that has it.
    /// - Parameter permissions: the file's mode, whatever the umask is.
    /// - Throws: `FileError`; the file is kept, and can be committed again.
    public func commit(to path: String, permissions: UInt32? = nil) throws(FileError) {
        try setMode(permissions)
        guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        settle()
    }

    /// Gives the file a name that no file has.
    /// - Returns: false when a file has the name, or the file system cannot tell.
    /// - Throws: `FileError` when the mode cannot be set.
    public func commitIfFree(to path: String, permissions: UInt32? = nil) throws(FileError) -> Bool {
        try setMode(permissions)
        guard moby_rename_new(temporary, path) == 0 else { return false }
        settle()
        return true
    }

    /// Gives the file its final name, unless a file of the same size has it: one that the same rules made has the same
    /// bytes, and its readers are not disturbed.
    func commitUnlessThere() throws {
        if try commitIfFree(to: path) { return }
        // A file system that cannot tell, or a file of another size, is replaced.
        if try HostFiles.size(path) != size() { try commit() }
    }

    private func setMode(_ permissions: UInt32?) throws(FileError) {
        guard let permissions, fchmod(file.number, permissions) != 0 else { return }
        throw FileError("set the mode of", temporary)
    }

    private func settle() {
        committed = true
        moby_partial_remove(slot)
    }
}
