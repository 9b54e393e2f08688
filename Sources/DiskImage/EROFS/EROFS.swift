public import Archive
public import Extents

/// The read-only file system EROFS (Linux Documentation/filesystems/erofs.rst; fs/erofs/erofs_fs.h), as Linux 5.4 and
/// later mount it.
///
/// Blocks of 4096 bytes, all integers little-endian. The kernel asks only that the superblock comes first; what follows
/// is our order, chosen so that files can be stored before it is known how small they become:
/// ```
///   block 0        1024 zeros, superblock (128 bytes), settings of LZ4 when there is something compressed
///   block 1…       contents of files, each from a block of its own
///   meta_blkaddr…  inodes in slots of 32 bytes, each followed by its attributes and then by the tail of its
///                  contents or the index of its compressed blocks; a number ("nid") is a slot
///   …              blocks of directories
/// ```
public enum EROFS {
    static let blockSize = 4096
    static let blockBits: UInt8 = 12
    static let slotSize = 32
    static let superblockOffset = 1024

    /// Parameters of an image in addition to its tree.
    public struct Options: Sendable {
        /// 16 bytes.
        public var uuid: [UInt8]
        /// At most 16 bytes of ASCII.
        public var label: String
        /// When the image was made, in seconds since 1970. Inodes of that time take less room.
        public var time: Int64

        public init(uuid: [UInt8] = [UInt8](repeating: 0, count: 16), label: String = "", time: Int64 = 0) {
            self.uuid = uuid
            self.label = label
            self.time = time
        }
    }

    static func blocks(_ bytes: UInt64) -> UInt64 {
        bytes / UInt64(blockSize) + (bytes % UInt64(blockSize) == 0 ? 0 : 1)
    }
}

extension EROFS {
    /// The image of a tree, files compressed with LZ4 where that saves blocks. Contents of others are extents of the
    /// tree's own, metadata are made here: in memory, some 200 bytes a file and what files have below 4096 bytes.
    /// - Parameters:
    ///   - level: 1 is LZ4's fast way, 2…12 are levels of LZ4HC.
    ///   - scratch: where the compressed clusters go; the image refers to this file.
    /// - Throws: `DiskImageError` naming the path for what EROFS cannot hold or a name without its directory;
    ///   `FileError`, `ExtentError`.
    public static func compressedImage(
        of tree: FileTree, _ options: Options = Options(), level: Int = 1, scratch: PartialFile
    ) throws -> ExtentList {
        var writer = try Writer(tree, options)
        try scratch.stream { sink in
            var sink = sink
            try writer.placeFiles(Packer(level: level) { try sink.write($0) })
            try sink.flush()
        }
        return try writer.finish(packed: try ExtentList(file: scratch.temporary))
    }
}

extension EROFS {
    /// `struct erofs_super_block`, at byte 1024 of the image:
    /// ```
    ///   0 magic 0xE0F5E1E2   4 CRC-32C          8 compatible features
    ///  12 block bits, u8    13 extra slots, u8  14 nid of the root, u16   16 inodes, u64
    ///  24 time, u64         32 nanoseconds      36 blocks                 40 first block of inodes
    ///  44 first block of shared attributes      48 UUID, 16 bytes         64 name, 16 bytes
    ///  80 incompatible features                 84 compression algorithms, u16
    ///  86 extra devices, u16   88 device slot, u16   90 directory block bits, u8   91…127 zero
    /// ```
    /// With the feature `configurations` the settings of each algorithm follow: of LZ4 (fs/erofs/decompressor.c)
    /// length u16 (14), greatest distance u16, greatest cluster in blocks u16, 10 zeros.
    ///
    /// The check is over the rest of the first block, itself taken as zero, and not inverted at the end.
    public struct Superblock: Sendable, Equatable {
        public var inodes: UInt64 = 0
        /// Seconds since 1970: the time of inodes that have none of their own.
        public var time: Int64 = 0
        public var blocks: UInt32 = 0
        public var uuid: [UInt8] = [UInt8](repeating: 0, count: 16)
        public var label: String = ""
        var rootNode: UInt16 = 0
        var metaBlock: UInt32 = 0
        var attributeBlock: UInt32 = 0
        var incompatible: Features = []
        /// Of compressed clusters, in blocks.
        var greatestCluster: UInt16 = 1

        static let magic: UInt32 = 0xE0F5_E1E2
        static let length = 128
        /// It has a checksum; times of inodes are times of modification.
        static let compatible: UInt32 = 1 | 2
        private static let algorithmLZ4: UInt16 = 1

        init() {}

        /// UUID in the usual notation.
        public var uuidText: String { EROFS.text(ofUUID: uuid) }

        /// The first block of the image.
        var block: [UInt8] {
            var bytes = ByteBuilder(reserving: blockSize)
            bytes.fill(superblockOffset)
            bytes.append(fields(check: 0))
            bytes.pad(to: blockSize)
            var check = ByteBuilder()
            check.u32le(CRC32C.register(bytes.bytes[superblockOffset...]))
            bytes.replace(at: superblockOffset + 4, with: check)
            return bytes.bytes
        }

        private func fields(check: UInt32) -> [UInt8] {
            let isCompressed = incompatible.contains(.configurations)
            var bytes = ByteBuilder(reserving: Self.length + 16)
            bytes.u32le(Self.magic)
            bytes.u32le(check)
            bytes.u32le(Self.compatible)
            bytes.u8(blockBits)
            bytes.u8(0)
            bytes.u16le(rootNode)
            bytes.u64le(inodes)
            bytes.u64le(UInt64(bitPattern: time))
            bytes.u32le(0)
            bytes.u32le(blocks)
            bytes.u32le(metaBlock)
            bytes.u32le(attributeBlock)
            bytes.append(uuid)
            bytes.ascii(label, padded: 16)
            bytes.u32le(incompatible.rawValue)
            bytes.u16le(isCompressed ? Self.algorithmLZ4 : 0)
            bytes.pad(to: Self.length)
            guard isCompressed else { return bytes.bytes }
            bytes.u16le(14)
            bytes.u16le(UInt16.max)
            bytes.u16le(greatestCluster)
            bytes.fill(10)
            return bytes.bytes
        }
    }

    /// Features that a reader must know to read the image at all.
    struct Features: OptionSet, Sendable {
        let rawValue: UInt32
        /// Compressed data end with their cluster, after zeros.
        static let zeroPadding = Features(rawValue: 1)
        /// Settings of algorithms follow the superblock; clusters may have several blocks.
        static let configurations = Features(rawValue: 2)
        static let chunkedFiles = Features(rawValue: 4)
    }

    /// A UUID of 16 bytes in the usual notation.
    public static func text(ofUUID uuid: [UInt8]) -> String {
        let digits = uuid.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }
}

extension EROFS {
    /// An inode of 32 bytes (struct erofs_inode_compact), or of 64 (struct erofs_inode_extended) when owner, size or
    /// links are large or the time is not that of the superblock:
    /// ```
    ///   0 format, u16: bit 0 extended, bits 1…3 layout   2 attributes, u16   4 mode, u16
    ///  16 blocks, device or first block, u32   20 number, u32
    ///   compact:  6 links, u16    8 size, u32   24 owner, u16   26 group, u16
    ///   extended: 6 zero          8 size, u64   24 owner, u32   28 group, u32
    ///            32 time, u64    40 nanoseconds, u32            44 links, u32
    /// ```
    struct InodeFields {
        var layout = Layout.plain
        var attributesLength = 0
        var type = FileType.regular
        var permissions: UInt16 = 0
        var links: UInt32 = 1
        var size: UInt64 = 0
        /// First block, number of compressed blocks, or device.
        var union: UInt32 = .max
        var number: UInt32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var modified: Int64 = 0

        func isExtended(time: Int64) -> Bool {
            modified != time || size > UInt64(UInt32.max) || max(uid, gid, links) > UInt32(UInt16.max)
        }

        func length(time: Int64) -> Int { isExtended(time: time) ? 64 : 32 }

        func bytes(time: Int64) -> [UInt8] {
            let isExtended = isExtended(time: time)
            var bytes = ByteBuilder(reserving: 64)
            bytes.u16le(layout.rawValue << 1 | (isExtended ? 1 : 0))
            bytes.u16le(Attributes.count(attributesLength))
            bytes.u16le(type.modeBits | permissions & 0o7777)
            bytes.u16le(isExtended ? 0 : UInt16(links))
            if isExtended {
                bytes.u64le(size)
            } else {
                bytes.u32le(UInt32(size))
                bytes.u32le(0)
            }
            bytes.u32le(union)
            bytes.u32le(number)
            guard isExtended else {
                bytes.u16le(UInt16(uid))
                bytes.u16le(UInt16(gid))
                bytes.pad(to: 32)
                return bytes.bytes
            }
            bytes.u32le(uid)
            bytes.u32le(gid)
            bytes.u64le(UInt64(bitPattern: modified))
            bytes.u32le(0)
            bytes.u32le(links)
            bytes.pad(to: 64)
            return bytes.bytes
        }
    }
}

extension EROFS {
    /// Finds room for inodes: what fits into a block never crosses its end, and smaller ones fill what larger ones
    /// leave.
    struct Slots {
        /// Length so far, in bytes.
        private(set) var length: Int
        /// Where blocks have room, by its number of slots.
        private var room: [[Int]] = Array(repeating: [], count: blockSize / slotSize)

        /// - Parameter reserved: bytes at the start that stay free.
        init(reserved: Int) { length = reserved }

        /// - Returns: where `count` bytes are put, a multiple of 32.
        mutating func take(_ count: Int) -> Int {
            let size = (count + slotSize - 1) / slotSize * slotSize
            if size < blockSize, let slots = (size / slotSize..<room.count).first(where: { !room[$0].isEmpty }),
                let found = room[slots].popLast()
            {
                keep(found + size..<found + slots * slotSize)
                return found
            }
            let free = (blockSize - length % blockSize) % blockSize
            if free < size {
                keep(length..<length + free)
                length += free
            }
            defer { length += size }
            return length
        }

        private mutating func keep(_ range: Range<Int>) {
            if !range.isEmpty { room[range.count / slotSize].append(range.lowerBound) }
        }
    }
}
