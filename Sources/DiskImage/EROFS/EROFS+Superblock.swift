internal import Extents

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
        /// A check sum is there; times of inodes are times of modification.
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

    /// What a reader must know to read the image at all.
    struct Features: OptionSet, Sendable {
        let rawValue: UInt32
        /// Compressed data end with their cluster, zeros stand before them.
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
