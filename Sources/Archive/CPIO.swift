public import Extents

/// The initramfs archive format "newc" (kernel documentation, initramfs buffer format). One writer makes one whole
/// archive with its trailer.
///
/// An entry is a header of 110 ASCII bytes, the name with a NUL, zeros to a multiple of 4, the contents, zeros to a
/// multiple of 4:
/// ```
///   0 "070701"   then 13 numbers of 8 hexadecimal digits each:
///   6 inode     14 mode       22 uid        30 gid        38 links     46 modified   54 length
///  62 major     70 minor      78 rdev major 86 rdev minor 94 name length with NUL   102 check (0)
/// ```
public enum CPIO {
    /// Changes whenever the bytes of the same tree do.
    public static let version = 1

    /// Writes a tree under a prefix: parents of the prefix first (0755, root), then every name in order, then the
    /// trailer, padded to 4 bytes. Hard links are real links; the last of the names carries the contents. Inodes count
    /// from 1. Extended attributes cannot be represented, and times before 1970 or after 2106 become the nearest that
    /// can.
    /// - Parameter prefix: where the tree's root is to be. Its metadata are those of the tree's root, when it has one.
    /// - Throws: `CPIOError` naming the path for a file of 4 GiB or more or a name that the kernel would drop;
    ///   `FileError`, `ExtentError`, or what `sink` throws.
    public static func write(_ tree: FileTree, under prefix: TreePath = .root, to sink: inout some ByteSink) throws {
        var writer = CPIOWriter(tree)
        try writer.writeParents(of: prefix, to: &sink)
        for path in tree.paths { try writer.write(path, as: prefix.appending(path), to: &sink) }
        try writer.writeTrailer(to: &sink)
    }
}

extension CPIO {
    /// One archive of an initramfs image, as it was compressed.
    public struct Segment: Sendable {
        /// `none`, `gzip` or `zstd`.
        public let format: String
        /// Where it is in the image, in bytes, without the zeros around it.
        public let range: Range<UInt64>
        /// In order.
        public let entries: [Entry]
    }

    /// One name of an archive.
    public struct Entry: Sendable {
        public let path: TreePath
        public let node: FileTree.Node
        public let inode: UInt32
        /// How many names the inode has in the archive.
        public let links: UInt32
    }

    /// Takes an initramfs image apart as the kernel does: archives, each plain or compressed, with zeros between them.
    /// - Parameter contents: whether files get their bytes, held in memory; else they have only their length.
    /// - Throws: `CPIOReadError` for what the kernel would stop at; `CompressionError`, `FileError`, `ExtentError`.
    public static func read(_ image: ExtentList, contents: Bool = true) throws -> [Segment] {
        try read(image, CPIOParser(keepsContents: contents))
    }

    /// As ``read(_:contents:)`` without the files' contents, in bounded memory, with what was found before an error; the
    /// last archive may lack entries then.
    /// - Parameter budget: in bytes, about what the entries may take; more is an error.
    /// - Throws: `FileError`.
    public static func salvage(_ image: ExtentList, budget: Int) throws -> (segments: [Segment], problem: (any Error)?)
    {
        var reader = SegmentReader(CPIOParser(keepsContents: false, budget: budget))
        do {
            try ExtentReader.read(image) { try reader.push($0) }
            return (try reader.finish(), nil)
        } catch let error as FileError {
            throw error
        } catch { return (reader.found, error) }
    }

    /// Hands on the contents of one file, in pieces; everything before it is read and dropped.
    /// - Parameters:
    ///   - segment: which archive of the image, from 0.
    ///   - entry: which entry of it, from 0.
    ///   - budget: as for ``list(_:budget:)``.
    /// - Throws: as ``read(_:contents:)``, and what `consume` throws.
    public static func contents(
        of image: ExtentList, segment: Int, entry: Int, budget: Int, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withoutActuallyEscaping(consume) { consume in
            let wanted = CPIOParser.Selection(segment: segment, entry: entry, consume: consume)
            do {
                _ = try read(image, CPIOParser(keepsContents: false, budget: budget, selection: wanted))
            } catch is CPIOParser.Done {}
        }
    }

    private static func read(_ image: ExtentList, _ parser: CPIOParser) throws -> [Segment] {
        var reader = SegmentReader(parser)
        try ExtentReader.read(image) { try reader.push($0) }
        return try reader.finish()
    }
}

extension FileTree {
    /// The tree that the kernel makes of an initramfs image: later entries replace earlier ones, hard links stay within
    /// an archive.
    /// - Throws: as ``CPIO/read(_:contents:)``.
    public init(initramfs image: ExtentList, contents: Bool = true) throws {
        self.init()
        for segment in try CPIO.read(image, contents: contents) {
            var first: [UInt32: TreePath] = [:]
            for entry in segment.entries { put(entry, &first) }
        }
    }

    private mutating func put(_ entry: CPIO.Entry, _ first: inout [UInt32: TreePath]) {
        guard entry.links > 1, !entry.node.isDirectory, let other = first[entry.inode], link(entry.path, to: other)
        else {
            set(entry.path, entry.node)
            first[entry.inode] = entry.path
            return
        }
        // The name that has the contents may be any of them.
        if case .regular(let contents) = entry.node.kind, contents.length > 0 {
            update(entry.path) { $0.kind = .regular(contents) }
        }
    }
}

extension FileTree.Node {
    public var isDirectory: Bool { if case .directory = kind { true } else { false } }
}
