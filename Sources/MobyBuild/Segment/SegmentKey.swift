public import Extents

/// All that the bytes of a segment depend on. Equal keys are equal bytes; the text is what the cache is named by and
/// what is printed.
public struct SegmentKey: Hashable, Sendable, CustomStringConvertible {
    /// What a segment holds.
    public enum Role: String, Sendable {
        case microcode, modules, `init`, image, volume, spec, sentinel, kernel, record, root
    }

    public let role: Role
    /// Digest of what it is made from, e.g. an image's content.
    public let content: String
    public let platform: String
    /// Where in the guest it is put, with what else decides names in it.
    public let destination: String
    /// Version of the rules by which trees are changed on the way.
    public let rules: String
    /// How it is encoded: archive format and compression with library version and level.
    public let encoding: String

    public init(role: Role, content: String, platform: String, destination: String, rules: String, encoding: String) {
        self.role = role
        self.content = content
        self.platform = platform
        self.destination = destination
        self.rules = rules
        self.encoding = encoding
    }

    /// Name and value of each part, in order.
    public var fields: [(name: String, value: String)] {
        [
            ("role", role.rawValue), ("content", content), ("platform", platform), ("destination", destination),
            ("rules", rules),
            ("encoding", encoding),
        ]
    }

    /// One `name value` line for each part.
    public var description: String { fields.map { "\($0.name) \($0.value)\n" }.joined() }

    /// SHA-256 of the text, 64 hexadecimal digits.
    public var hex: String { SHA256.hash(Array(description.utf8)) }

    /// The parts in which this key differs from an older one: why a segment is made anew.
    public func changes(since old: SegmentKey) -> [String] {
        zip(fields, old.fields).filter { $0.value != $1.value }.map { "\($0.name): \($1.value) -> \($0.value)" }
    }
}

/// What is known of an encoded segment without reading it; the file next to it in the cache.
public struct SegmentRecord: Codable, Sendable, Equatable {
    /// The text of the key.
    public var key: String
    /// Encoded bytes; a file of another length is not the segment.
    public var size: UInt64
    /// Of the encoded bytes, in hexadecimal.
    public var sha256: String
    /// Of the encoded bytes, compared whenever they are used; segments of older versions have none.
    public var crc32c: UInt32?
    /// Of the list of names, when there is one.
    var namesCRC32C: UInt32?
    /// Of all the rest of this record.
    var ownCRC32C: UInt32?
    /// Bytes of memory the files take when unpacked, in whole pages of 4 KiB.
    public var unpacked: UInt64
    /// Number of names.
    public var entries: Int
    /// Number of names with extended attributes, which cpio cannot carry.
    public var lostAttributes: Int

    public init(
        key: String, size: UInt64 = 0, sha256: String = "", unpacked: UInt64 = 0, entries: Int = 0,
        lostAttributes: Int = 0
    ) {
        self.key = key
        self.size = size
        self.sha256 = sha256
        self.unpacked = unpacked
        self.entries = entries
        self.lostAttributes = lostAttributes
    }

    /// What ``ownCRC32C`` must be.
    var expectedCRC32C: UInt32 {
        let sums = [crc32c, namesCRC32C].map { $0.map { String($0) } ?? "-" }
        let text = sums + ["\(size) \(unpacked) \(entries) \(lostAttributes)", sha256, key]
        return CRC32C.of(Array(text.joined(separator: " ").utf8))
    }
}

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
