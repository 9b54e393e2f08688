public import Extents

extension ContentStore {
    /// Whether a blob is there with the size that its descriptor says. Its bytes are not read.
    public func has(_ digest: Digest, size: UInt64) -> Bool { SmallFile.size(blobPath(digest)) == size }

    func has(_ descriptor: Descriptor) -> Bool { has(descriptor.digest, size: descriptor.size) }

    /// A small blob, its digest verified; nil when it is missing, damaged or has more than `limit` bytes.
    public func blob(_ digest: Digest, limit: UInt64 = 16 << 20) -> [UInt8]? {
        guard let bytes = SmallFile.read(blobPath(digest), limit: limit), SHA256.hash(bytes) == digest.hex else { return nil }
        return bytes
    }

    /// Stores a blob; its digest is computed on the way.
    public func ingest(_ produce: (inout any ByteSink) throws -> Void) throws -> (digest: Digest, size: UInt64) {
        let writer = try BlobWriter(in: temporaryPath)
        var sink: any ByteSink = writer
        try produce(&sink)
        let digest = try writer.finish()
        try writer.commit(to: blobPath(digest))
        return (digest, writer.count)
    }

    /// Stores bytes.
    public func ingest(_ bytes: [UInt8]) throws -> Digest {
        try ingest { try $0.write(bytes) }.digest
    }

    /// Puts a blob in its place when it is what was expected.
    /// - Throws: `ContentError.digest` or `.size`.
    func commit(_ writer: BlobWriter, digest expected: Digest, size: UInt64) throws {
        guard writer.count == size else { throw ContentError.size(expected, expected: size, actual: writer.count) }
        let actual = try writer.finish()
        guard actual == expected else { throw ContentError.digest(expected: expected, actual: actual, size: size) }
        try writer.commit(to: blobPath(expected))
    }

    /// A manifest or index of the store; nil when it is missing or damaged.
    func document(_ descriptor: Descriptor) throws -> ManifestDocument? {
        guard let bytes = blob(descriptor.digest, limit: ManifestDocument.largestSize) else { return nil }
        return try ManifestDocument(bytes, mediaType: descriptor.mediaType)
    }
}
