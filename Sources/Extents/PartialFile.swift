internal import CLinux
internal import Glibc
internal import Synchronization

/// A file under a temporary name beside its final one. It is gone unless ``commit()`` was reached, also when a signal
/// ends the process.
final class PartialFile {
    let path: String
    let temporary: String
    let file: FileDescriptor
    private let slot: Int32
    private var committed = false

    private static let counter = Atomic<UInt64>(0)

    /// - Throws: `ExtentError.notRegular` when a folder or device stands in the way; `FileError`.
    init(_ path: String, mode: UInt32) throws {
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG { throw ExtentError.notRegular(path: path) }
        self.path = path
        while true {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let temporary = "\(path).partial.\(getpid()).\(number)"
            let slot = moby_partial_add(temporary)
            do {
                file = try FileDescriptor.open(temporary, O_RDWR | O_CREAT | O_EXCL, mode: mode)
                _ = flock(file.number, LOCK_SH | LOCK_NB)
                (self.temporary, self.slot) = (temporary, slot)
                return
            } catch {
                moby_partial_remove(slot)
                // Left by a process of the same number, perhaps in another container.
                guard error.code == EEXIST else { throw FileError("write", path, code: error.code) }
            }
        }
    }

    deinit {
        if !committed {
            unlink(temporary)
            moby_partial_remove(slot)
        }
    }

    /// Gives the file its final name, unless a file of the same size has it: one that the same rules made has the same
    /// bytes, and whoever reads it may go on.
    func commitUnlessThere() throws {
        var info = stat()
        guard moby_rename_new(temporary, path) != 0 else { return settle() }
        // A file system that cannot tell, or a file of another size: replaced as ever.
        guard errno == EEXIST, stat(path, &info) == 0, let size = try? SourceFile(temporary).size,
            UInt64(info.st_size) == size
        else {
            return try commit()
        }
    }

    /// Gives the file its final name.
    func commit() throws {
        guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        settle()
    }

    private func settle() {
        committed = true
        moby_partial_remove(slot)
    }
}
