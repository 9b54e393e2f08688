internal import Archive
internal import Extents
internal import Glibc
internal import Progress

/// Where the files of a layout or an archive are read: a folder or a tar.
protocol ByteSource: Sendable {
    /// A file's content; nil when it does not exist.
    func file(_ name: String) throws -> ExtentList?
}

/// A folder.
struct FolderSource: ByteSource {
    let path: String

    func file(_ name: String) throws -> ExtentList? {
        let full = "\(path)/\(name)"
        return try HostFiles.size(full) == nil ? nil : ExtentList(file: full)
    }
}

/// A tar archive; its symbolic links (old `docker save` has them for repeated layers) are followed inside of it.
struct TarSource: ByteSource {
    private let tree: FileTree

    init(_ archive: ExtentList) throws { tree = try FileTree.tar(archive) }

    func file(_ name: String) throws -> ExtentList? {
        guard let path = tree.resolve(name.utf8), case .regular(let content)? = tree[path]?.kind else { return nil }
        return content
    }
}

extension ByteSource {
    /// A small file at once.
    func bytes(_ name: String, limit: UInt64) throws -> [UInt8]? {
        guard let content = try file(name) else { return nil }
        guard content.length <= limit else {
            throw ImageError("'\(PlainText.short(name))' has \(content.length) bytes; the limit is \(limit)")
        }
        return try ExtentReader.bytes(of: content, limit: limit)
    }
}

/// A tar archive given by the user, plain or compressed by gzip, zstd, xz or bzip2.
enum ArchiveFile {
    /// Runs `work` with the archive's files; a compressed archive is unpacked into a temporary file of the store first.
    /// - Throws: `ImageError` for anything but a regular file: a FIFO or a device may never end, and it is read more
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
        try store.progress.during(.unpack, "'\(path)'") { step in
            let write = { (bytes: UnsafeRawBufferPointer) in
                try writer.write(bytes)
                step.add(bytes.count)
            }
            if isForeign {
                try Compression.decompressForeign(file, limit: limit, write)
            } else {
                try Compression.decompress(file, limit: limit, write)
            }
        }
        defer { withExtendedLifetime(writer) {} }
        return try work(TarSource(ExtentList(file: writer.path)))
    }

    /// What XZ (xz file format, 2.1.1.1) and bzip2 files begin with.
    private static let foreign: [[UInt8]] = [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], Array("BZh".utf8)]
    private static let magicLength: UInt64 = 6
}
