public import Extents
internal import Glibc
internal import Progress

extension ContentStore {
    /// Whether the store has a blob of the size in its descriptor. Its bytes are not read.
    public func has(_ digest: Digest, size: UInt64) throws -> Bool { try HostFiles.size(blobPath(digest)) == size }

    func has(_ descriptor: Descriptor) throws -> Bool { try has(descriptor.digest, size: descriptor.size) }

    /// A small blob, its digest verified; nil when it is missing, damaged or has more than `limit` bytes.
    /// - Throws: `FileError` for one that cannot be read.
    public func blob(_ digest: Digest, limit: UInt64 = 16 << 20) throws -> [UInt8]? {
        guard let bytes = try HostFiles.readIfFit(blobPath(digest), limit: limit), SHA256.hash(bytes).hex == digest.hex
        else {
            return nil
        }
        return bytes
    }

    /// Stores a blob; its digest is computed on the way.
    public func ingest(_ produce: (inout any ByteSink) throws -> Void) throws -> (digest: Digest, size: UInt64) {
        let writer = try BlobWriter(in: temporaryPath)
        var sink: any ByteSink = writer
        try produce(&sink)
        let digest = try writer.finish()
        try writer.commitContent(to: blobPath(digest))
        return (digest, writer.count)
    }

    /// Stores bytes.
    public func ingest(_ bytes: [UInt8]) throws -> Digest {
        try ingest { try $0.write(bytes) }.digest
    }

    /// Moves a blob into place when it is what was expected.
    /// - Throws: `ContentError.digest` or `.size`.
    func commit(_ writer: BlobWriter, digest expected: Digest, size: UInt64) throws {
        guard writer.count == size else { throw ContentError.size(expected, expected: size, actual: writer.count) }
        let actual = try writer.finish()
        guard actual == expected else { throw ContentError.digest(expected: expected, actual: actual, size: size) }
        try writer.commitContent(to: blobPath(expected))
    }

    /// Copies a blob from elsewhere; its digest and size are compared with its descriptor.
    /// - Throws: `ContentError`, `FileError`.
    func copy(_ content: ExtentList, as descriptor: Descriptor) throws {
        let writer = try BlobWriter(in: temporaryPath, limit: descriptor.size)
        try progress.during(.copy, "blob \(descriptor.digest.short)", total: descriptor.size) { step in
            try ExtentReader.read(content) {
                try writer.write($0)
                step.add($0.count)
            }
        }
        try commit(writer, digest: descriptor.digest, size: descriptor.size)
    }

    /// Whether the store has a configuration or document, undamaged; a damaged one is removed, so that it is fetched
    /// again.
    func hasWhole(_ descriptor: Descriptor) throws -> Bool {
        guard try has(descriptor) else { return false }
        guard try blob(descriptor.digest, limit: descriptor.size) == nil else { return true }
        try removeDamaged(blobPath(descriptor.digest), descriptor.digest)
        return false
    }

    /// A blob, compared with its digest once in each process.
    /// - Throws: `ContentError.missing`; `ContentError.damaged` for one that was changed, which is removed.
    public func verifiedBlob(_ digest: Digest) throws -> ExtentList {
        let path = blobPath(digest)
        guard try HostFiles.size(path) != nil else { throw ContentError.missing(digest) }
        guard try isWhole(path, digest) else {
            try removeDamaged(path, digest)
            throw ContentError.damaged(digest)
        }
        return try ExtentList(file: path)
    }

    /// Whether a file is what its digest says.
    func isWhole(_ path: String, _ digest: Digest) throws -> Bool {
        FileUse.note(path)
        return try !verifies || isChecked(path) { try HostFiles.sha256(path).hex == digest.hex }
    }

    /// Whether a file is whole by a check that each process makes once, as long as the file is the same.
    /// - Parameter check: compares it with its checksum.
    func isChecked(_ path: String, by check: () throws -> Bool) rethrows -> Bool {
        if folder.isVerified(path) { return true }
        guard try check() else { return false }
        folder.note(verified: path)
        return true
    }

    /// Diff IDs of the layers of an image, by the digest of its configuration; nil when the store has no such
    /// configuration.
    public func diffIDs(ofConfiguration digest: Digest) throws -> Set<Digest>? {
        // Of the bytes of a configuration, whatever they are, no diff IDs are a valid answer.
        guard let bytes = try blob(digest, limit: ImageConfig.largestSize),
            let config = try? ImageConfig(parsing: bytes)
        else { return nil }
        return Set(config.rootfs.diffIDs.compactMap { Digest($0) })
    }

    func removeDamaged(_ path: String, _ digest: Digest) throws {
        folder.note(StoreDamage(file: String(path.dropFirst(root.utf8.count + 1)), digest: digest))
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// A manifest or index of the store; nil when it is missing or damaged.
    func document(_ descriptor: Descriptor) throws -> ManifestDocument? {
        guard let bytes = try blob(descriptor.digest, limit: ManifestDocument.largestSize) else { return nil }
        return try ManifestDocument(bytes, mediaType: descriptor.mediaType)
    }
}
