internal import Extents
internal import Glibc

/// A file of the store that is written under a temporary name: hashed on the way, moved into place at the end, or
/// removed.
///
/// One thread at a time uses it; the thread may change between calls.
final class BlobWriter: ByteSink, @unchecked Sendable {
    private let file: PartialFile
    private var hash = SHA256()
    private var digest: Digest?
    /// Bytes taken so far.
    private(set) var count: UInt64 = 0
    /// More than this is an error before it is written.
    private let limit: UInt64

    /// - Parameters:
    ///   - directory: where temporary files live, on the file system of the final path.
    ///   - limit: the most bytes that are taken.
    init(in directory: String, limit: UInt64 = .max) throws {
        file = try PartialFile(in: directory)
        self.limit = limit
    }

    /// Goes on with a file that an earlier process began; one that has too much begins again.
    init(continuing file: PartialFile, limit: UInt64) throws {
        self.file = file
        self.limit = limit
        if try file.size() > limit { try file.restart() }
        try HostFiles.stream(file.temporary) { bytes in
            hash.update(bytes)
            count += UInt64(bytes.count)
        }
    }

    /// Removes the file, also one that a later process could go on with.
    func discard() { file.discard() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard UInt64(bytes.count) <= limit - count else { throw ContentError.tooLong(limit: limit) }
        hash.update(bytes)
        try file.append(bytes)
        count += UInt64(bytes.count)
    }

    /// Discards what was written, to begin again.
    func restart() throws {
        try file.restart()
        (hash, digest) = (SHA256(), nil)
        count = 0
    }

    /// The digest of all bytes; nothing can be written afterwards.
    func finish() throws -> Digest {
        let digest = digest ?? Digest(sha256: hash.finalize())
        self.digest = digest
        return digest
    }

    /// Moves the file into place and replaces an existing one in one step: readers see the one or the other, whole.
    func commit(to path: String) throws {
        do { try file.commit(to: path, permissions: 0o644) } catch  where error.code == EISDIR {
            // An empty folder of that name holds nothing.
            guard rmdir(path) == 0 else { throw StoreError.folderInTheWay(path) }
            try file.commit(to: path, permissions: 0o644)
        }
    }

    /// Moves content to the path of its digest. A file that already has it stays, since another process may be reading
    /// it.
    func commitContent(to path: String) throws {
        let digest = try finish()
        if try file.commitIfFree(to: path, permissions: 0o644) { return }
        if try HostFiles.size(path) == count, try HostFiles.sha256(path).hex == digest.hex {
            FileUse.note(path)
        } else {
            try commit(to: path)
        }
    }

    /// Where the bytes are until ``commit(to:)``.
    var path: String { file.temporary }
}
