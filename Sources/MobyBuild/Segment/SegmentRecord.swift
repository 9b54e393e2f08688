/// What is known of an encoded segment without reading it; lies beside it in the cache.
public struct SegmentRecord: Codable, Sendable, Equatable {
    /// The text of the key.
    public var key: String
    /// Encoded bytes; a file of another length is not the segment.
    public var size: UInt64
    /// Of the encoded bytes, in hexadecimal.
    public var sha256: String
    /// Bytes of memory the files take when unpacked, in whole pages of 4 KiB.
    public var unpacked: UInt64
    /// Number of names.
    public var entries: Int
    /// Number of names with extended attributes, which cpio cannot carry.
    public var lostAttributes: Int

    public init(key: String, size: UInt64 = 0, sha256: String = "", unpacked: UInt64 = 0, entries: Int = 0, lostAttributes: Int = 0) {
        self.key = key
        self.size = size
        self.sha256 = sha256
        self.unpacked = unpacked
        self.entries = entries
        self.lostAttributes = lostAttributes
    }
}
