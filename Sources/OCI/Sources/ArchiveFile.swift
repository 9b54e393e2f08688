internal import Archive
internal import Extents
internal import Glibc

/// A tar archive given by the user, plain or compressed.
enum ArchiveFile {
    /// Runs `work` with the archive's files; a compressed archive is unpacked into a temporary file of the store first.
    static func with<Value>(_ path: String, store: ContentStore, _ work: (any ByteSource) throws -> Value) throws -> Value {
        let file = try ExtentList(file: path)
        if case .plain = LayerEncoding(file: path) { return try work(TarSource(file)) }
        let limit = ContentStore.largestUnpacked(size: file.length)
        let writer = try BlobWriter(in: store.temporaryPath, limit: limit)
        try Compression.decompress(file, limit: limit, writer.write)
        defer { withExtendedLifetime(writer) {} }
        return try work(TarSource(ExtentList(file: writer.path)))
    }
}
