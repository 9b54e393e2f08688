public import Extents

/// Facts about an encoded segment, so that it need not be read; the file next to it in the cache.
public struct SegmentRecord: Codable, Sendable, Equatable {
    /// The text of the key.
    public var key: String
    /// Encoded bytes; a file of another length is not the segment.
    public var size: UInt64 = 0
    /// Of the encoded bytes, in hexadecimal.
    public var sha256: String = ""
    /// Of the encoded bytes, compared whenever they are used; segments of older versions have none.
    public var crc32c: UInt32?
    /// Of the list of names, when there is one.
    var namesCRC32C: UInt32?
    /// Of all the rest of this record.
    var ownCRC32C: UInt32?
    /// Bytes of memory the files take when unpacked, in whole pages of 4 KiB.
    public var unpacked: UInt64 = 0
    /// Number of names.
    public var entries: Int = 0
    /// Number of names with extended attributes, which cpio cannot carry.
    public var lostAttributes: Int = 0

    /// What ``ownCRC32C`` must be.
    var expectedCRC32C: UInt32 {
        let sums = [crc32c, namesCRC32C].map { $0.map { String($0) } ?? "-" }
        let text = sums + ["\(size) \(unpacked) \(entries) \(lostAttributes)", sha256, key]
        return CRC32C.of(Array(text.joined(separator: " ").utf8))
    }
}

/// One encoded archive of the initrd, in the cache: a whole cpio in one compressed member.
public struct Segment: Sendable {
    public let key: CacheKey
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
