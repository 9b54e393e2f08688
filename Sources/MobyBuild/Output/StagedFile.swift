internal import CLinux
internal import Extents
internal import Glibc

/// A finished file under a temporary name beside its final one: the files of a build appear together, when all of them
/// are done.
final class StagedFile {
    let path: String
    let size: UInt64
    private let temporary: String
    private let slot: Int32
    private let lock: FileLock
    private var committed = false

    /// - Parameters:
    ///   - needed: finds out how many bytes the file takes, for the message when there is no room.
    ///   - write: writes the file to the path it is given.
    /// - Throws: what `write` throws; a `FileError` has the final name.
    init(_ path: String, needed: () throws -> UInt64? = { nil }, _ write: (String) throws -> Void) throws {
        self.path = path
        temporary = "\(path).staged.\(getpid())"
        // A signal that ends the process takes the file with it.
        slot = moby_partial_add(temporary)
        do {
            try write(temporary)
            size = try SourceFile(temporary).size
            lock = FileLock(temporary)
        } catch {
            unlink(temporary)
            moby_partial_remove(slot)
            guard let fault = error as? FileError, fault.path == temporary else { throw error }
            let isFull = [ENOSPC, EDQUOT, EFBIG].contains(fault.code)
            throw FileError(fault, path: path, needed: isFull ? try needed() : nil)
        }
    }

    deinit {
        if !committed { unlink(temporary) }
        moby_partial_remove(slot)
    }

    /// Gives the file its final name.
    func commit() throws {
        guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        committed = true
    }
}
