internal import Archive
internal import Extents
internal import Glibc
internal import MobyBuild
internal import MobySpec
internal import OCI
internal import Progress

/// Turns the files of a Debian kernel package into a kernel image: `kernel`, `kernel.tar` and `config` at the top.
struct KernelPackage {
    let tree: FileTree
    /// Decompressors that the kernel has for its initrd, for the label `org.mobyproject.kernel.initrd`.
    let decompressors: [String]

    /// - Parameters:
    ///   - packages: the kernel package's files, in the merged layout.
    ///   - tarPath: where `kernel.tar` is written; it must stay until the tree has been read.
    init(_ packages: FileTree, modules wanted: [Located<String>]?, tarPath: String, time: Int64) throws {
        let packages = try Self.unpacked(packages, tarPath: tarPath + ".unpacked")
        let modules = try KernelModules(packages)
        let kept = try wanted.map { try modules.closure(of: $0) } ?? modules.modules
        let pruned = try modules.pruned(packages, keeping: kept)
        try ExtentWriter.stream(to: tarPath) { sink in
            try TarWriter.write(to: { try sink.write($0) }) { try $0.add(pruned) }
        }
        var tree = FileTree()
        let kernel = try Self.boot("vmlinuz", modules.release, in: packages)
        tree.set(TreePath("kernel"), FileTree.Node(.regular(kernel), mode: 0o644, modified: time))
        tree.set(
            TreePath("kernel.tar"), FileTree.Node(.regular(try ExtentList(file: tarPath)), mode: 0o644, modified: time))
        let config = try Self.boot("config", modules.release, in: packages)
        tree.set(TreePath("config"), FileTree.Node(.regular(config), mode: 0o644, modified: time))
        self.tree = tree
        decompressors = Self.decompressors(String(decoding: try ExtentReader.bytes(of: config), as: UTF8.self))
    }

    /// The same with compressed modules unpacked, by way of a file.
    private static func unpacked(_ packages: FileTree, tarPath: String) throws -> FileTree {
        guard PackedModules.arePresent(in: packages) else { return packages }
        try ExtentWriter.stream(to: tarPath) { sink in
            try PackedModules.unpack(packages) { try sink.write($0) }
        }
        return try FileTree.tar(ExtentList(file: tarPath))
    }

    /// In the order of preference, from `CONFIG_RD_*`.
    static func decompressors(_ config: String) -> [String] {
        let lines = Set(config.split(separator: "\n"))
        return ["zstd", "gzip", "xz", "lzma", "bzip2", "lzo", "lz4"].filter {
            lines.contains("CONFIG_RD_\($0.uppercased())=y")
        }
    }

    private static func boot(_ name: String, _ release: String, in tree: FileTree) throws -> ExtentList {
        guard let path = TreePath("boot/\(name)-\(release)".utf8), case .regular(let contents)? = tree[path]?.kind
        else {
            throw BuildError("the kernel package has no '\(PlainText.short("boot/\(name)-\(release)"))'")
        }
        return contents
    }
}

/// Stores a file tree as one gzipped layer.
enum ImageLayer {
    /// - Parameter step: counts the bytes of the uncompressed layer.
    static func store(_ tree: FileTree, in store: ContentStore, _ step: Step) throws -> Image.Layer {
        let hash = SHA256()
        let blob = try store.ingest { output in
            var sink = BorrowedSink(output: output)
            try Compression.gzip.compress(to: &sink) { plain in
                let write = { (bytes: UnsafeRawBufferPointer) in
                    hash.update(bytes)
                    step.add(bytes.count)
                    try plain.write(bytes)
                }
                try TarWriter.write(to: write) { try $0.add(tree) }
            }
            output = sink.output
        }
        return Image.Layer(digest: blob.digest, size: blob.size, diffID: Digest(sha256: hash.finalize()))
    }
}

/// A sink of unknown type as one of known type.
private struct BorrowedSink: ByteSink {
    var output: any ByteSink

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try output.write(bytes) }
}
