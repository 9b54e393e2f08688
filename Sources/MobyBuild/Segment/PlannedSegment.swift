internal import Archive
internal import Extents
internal import MobySpec
internal import OCI
internal import Progress

struct HashSink: ByteSink {
    let hash = SHA256()
    func write(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }
}

/// A segment to be: its key, and how to make it when the cache has none.
struct PlannedSegment: Sendable {
    enum Content: Sendable {
        case tree(@Sendable () throws -> FileTree)
        /// Bytes that already are an archive, e.g. microcode.
        case archive(@Sendable () throws -> ExtentList)
    }

    let key: CacheKey
    /// What it is made from, for people and for the record `LINUXKIT.source`.
    let title: String
    /// Where the spec asks for it, e.g. `init[0]`; the record `LINUXKIT.location`.
    let entry: String
    /// Where the spec names it, for messages.
    let location: SourceLocation?
    let destination: TreePath
    let compression: Compression
    /// About how many bytes it takes to make it; the largest are begun first.
    let compressedSize: UInt64
    let content: Content
    /// Whose layers it is made of.
    var images: [Image] = []

    /// Whether its names can meet those of other segments.
    var isAtRoot: Bool { destination.isRoot }

    /// The segment as the cache has it.
    func cached(in cache: BuildCache) throws -> Segment? { try cache.segment(key, title: title, withNames: isAtRoot) }

    /// Takes the segment from the cache or makes it.
    func encode(in cache: BuildCache) throws -> Segment {
        if let segment = try cached(in: cache) { return segment }
        return try cache.store.progress.during(.encode, title) { try encode(in: cache, $0) }
    }

    private func encode(in cache: BuildCache, _ step: Step) throws -> Segment {
        var record = SegmentRecord(key: key.description)
        switch content {
        case .archive(let bytes):
            let bytes = try bytes()
            return try cache.store(key, title: title, record: record, names: RootListing()) { sink in
                try ExtentReader.read(bytes) { try sink.write($0) }
            }
        case .tree(let make):
            let tree = try make()
            let paths = tree.paths
            (record.unpacked, record.entries, record.lostAttributes) = tree.measure(paths)
            // Whole pages are about what the files and their headers take.
            step.expect(record.unpacked)
            return try cache.store(key, title: title, record: record, names: isAtRoot ? RootListing(tree, paths) : nil)
            { sink in
                try compression.compress(to: &sink) { plain in
                    var counted = CountedSink(plain, step)
                    try CPIO.write(tree, under: destination, to: &counted)
                }
            }
        }
    }
}
