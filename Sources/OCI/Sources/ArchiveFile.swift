internal import Archive
internal import Extents
internal import Glibc

/// A tar archive given by the user, plain or compressed by gzip, zstd, xz or bzip2.
enum ArchiveFile {
    /// Runs `work` with the archive's files; a compressed archive is unpacked into a temporary file of the store first.
    /// - Throws: `ImageError` for what is not a regular file: a fifo or a device may never end, and has to be read more
    ///   than once.
    static func with<Value>(_ path: String, store: ContentStore, _ work: (any ByteSource) throws -> Value) throws
        -> Value
    {
        var info = stat()
        guard stat(path, &info) == 0 else { throw FileError("read", path) }
        guard info.st_mode & S_IFMT == S_IFREG else { throw ImageError("'\(path)' is not a regular file") }
        let file = try ExtentList(file: path)
        let start = try ExtentReader.bytes(of: file[0..<min(Self.magicLength, file.length)], limit: Self.magicLength)
        let isForeign = foreign.contains { start.starts(with: $0) }
        if !isForeign, case .plain = LayerEncoding(start) { return try work(TarSource(file)) }
        let limit = ContentStore.largestUnpacked(size: file.length)
        let writer = try BlobWriter(in: store.temporaryPath, limit: limit)
        if isForeign {
            try Compression.decompressForeign(file, limit: limit, writer.write)
        } else {
            try Compression.decompress(file, limit: limit, writer.write)
        }
        defer { withExtendedLifetime(writer) {} }
        return try work(TarSource(ExtentList(file: writer.path)))
    }

    /// What XZ (xz file format, 2.1.1.1) and bzip2 files begin with.
    private static let foreign: [[UInt8]] = [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], Array("BZh".utf8)]
    private static let magicLength: UInt64 = 6
}
