public import Extents

/// One encoded archive of the initrd, in the cache: a whole cpio in one compressed member.
public struct Segment: Sendable {
    public let key: SegmentKey
    /// The encoded bytes, a file of the cache.
    public let bytes: ExtentList
    public let record: SegmentRecord
    /// Whether it was in the cache already.
    public let isHit: Bool
    /// What it was made from, for people: an image's name, `files`.
    public let title: String
    /// What it puts at the root, when that was asked for.
    var names: RootListing?
}
