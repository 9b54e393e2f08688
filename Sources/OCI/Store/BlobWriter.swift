internal import CLinux
internal import Extents
internal import Glibc

/// A file of the store being written under a temporary name: hashed on the way, moved into place at the end, removed
/// when that never comes.
///
/// One thread at a time uses it; the thread may change between calls.
final class BlobWriter: ByteSink, @unchecked Sendable {
    private let temporaryPath: String
    private let file: Int32
    /// Where a signal finds the file to remove it.
    private let slot: Int32
    private var hash = SHA256()
    private var digest: Digest?
    private var committed = false
    /// Bytes taken so far.
    private(set) var count: UInt64 = 0
    /// More than this is an error before it is written.
    private let limit: UInt64

    /// - Parameters:
    ///   - directory: where temporary files live, on the file system of the final place.
    ///   - limit: the most bytes that are taken.
    init(in directory: String, limit: UInt64 = .max) throws {
        // A killed process leaves it: the next one finds by name and lock whose it was.
        temporaryPath = "\(directory)/\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        slot = moby_partial_add(temporaryPath)
        file = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let error = FileError("create", temporaryPath)
            moby_partial_remove(slot)
            throw error
        }
        _ = flock(file, LOCK_SH | LOCK_NB)
        self.limit = limit
    }

    deinit {
        close(file)
        if !committed { unlink(temporaryPath) }
        moby_partial_remove(slot)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard UInt64(bytes.count) <= limit - count else { throw ContentError.tooLong(limit: limit) }
        hash.update(bytes)
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(file, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileError("write", temporaryPath, file: file) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        count += UInt64(bytes.count)
    }

    /// Forgets what was written, to begin again.
    func restart() throws {
        guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else { throw FileError("truncate", temporaryPath) }
        (hash, digest) = (SHA256(), nil)
        count = 0
    }

    /// The digest of all bytes; nothing can be written afterwards.
    func finish() throws -> Digest {
        if let digest { return digest }
        digest = Digest(sha256: hash.finalize())
        guard let digest else { preconditionFailure("SHA-256 gave no digest") }
        return digest
    }

    /// Moves the file to its place. What is there already is replaced in one step: readers see the one or the other,
    /// whole.
    func commit(to path: String) throws {
        fchmod(file, 0o644)
        while rename(temporaryPath, path) != 0 {
            let code = errno
            // A folder of that name is in the way; an empty one holds nothing.
            guard code == EISDIR else { throw FileError("rename", path, code: code) }
            guard rmdir(path) == 0 else { throw StoreError.folderInTheWay(path) }
        }
        committed = true
    }

    /// Moves content to the place that its digest names. A file that has it already stays, since another process may be
    /// reading it.
    func commitContent(to path: String) throws {
        let digest = try finish()
        fchmod(file, 0o644)
        if moby_rename_new(temporaryPath, path) == 0 {
            committed = true
        } else if errno == EEXIST, SmallFile.size(path) == count, try SmallFile.hash(path) == digest.hex {
            FileUse.note(path)
        } else {
            try commit(to: path)
        }
    }

    /// Where the bytes are until ``commit(to:)``.
    var path: String { temporaryPath }
}
