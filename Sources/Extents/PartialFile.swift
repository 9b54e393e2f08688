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
        (file, slot) = try Self.create(temporary, 0o600)
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
        if !committed {
            unlink(temporary)
            moby_partial_remove(slot)
        }
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

    /// Gives the file a name on the same file system, in place of a file that has it.
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
