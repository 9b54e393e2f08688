internal import CLZ4
internal import Extents

extension EROFS {
    /// Compresses files in clusters: up to 16 blocks of contents become fewer blocks, or stay as they are.
    ///
    /// Behind the inode, from a multiple of 8 bytes (struct z_erofs_map_header, struct z_erofs_lcluster_index):
    /// ```
    ///   0 zeros   4 advice, u16: 2 clusters of several blocks   6 algorithms, u8: 0 LZ4
    ///   7 bits of blocks above 12, u8: 0                         8 zeros
    ///  16 for each block of contents: type, u16; position in the block, u16; then
    ///       0 plain, 1 head of a cluster: block, u32
    ///       2 not a head: distance to the head, u16, in the first after the head 0x800 + blocks of the cluster;
    ///         distance to the next head, u16
    /// ```
    /// A last block that is not full is a plain one that begins where the contents end, unless it is a cluster of its
    /// own.
    final class Packer {
        static let clusterBlocks = 16
        private static let headerLength = 16

        struct Packed {
            /// The bytes after the inode.
            var index: [UInt8]
            var blocks: UInt32 = 0
            var pieces: [Writer.Piece] = []
        }

        private enum Kind: UInt16 {
            case plain, head, rest
        }

        private let level: Int
        private let write: (UnsafeRawBufferPointer) throws -> Void
        private let input = UnsafeMutableRawBufferPointer.allocate(
            byteCount: clusterBlocks * blockSize, alignment: 4096)
        private let output = UnsafeMutableRawBufferPointer.allocate(
            byteCount: clusterBlocks * blockSize, alignment: 4096)

        /// - Parameter write: takes the compressed clusters.
        init(level: Int, write: @escaping (UnsafeRawBufferPointer) throws -> Void) {
            self.level = level
            self.write = write
        }

        deinit {
            input.deallocate()
            output.deallocate()
        }

        /// Stores a file whose first cluster goes to the block `first`.
        /// - Returns: nil when nothing became smaller; then nothing was stored.
        func pack(_ contents: ExtentList, from first: UInt32) throws -> Packed? {
            var packed = Packed(index: Self.header)
            packed.index.reserveCapacity(Self.headerLength + 8 * Int(EROFS.blocks(contents.length)))
            let cursor = ExtentCursor(contents)
            var isSmaller = false
            while cursor.position < contents.length {
                let start = cursor.position
                let length = try fill(cursor)
                let blocks = (length + blockSize - 1) / blockSize
                let position = first + packed.blocks
                if let count = try store(length, in: blocks) {
                    isSmaller = true
                    add(cluster: count, of: blocks, at: position, end: length % blockSize, to: &packed)
                } else {
                    var list = contents[start..<start + UInt64(length)]
                    list.pad(toMultipleOf: UInt64(blockSize))
                    packed.pieces.append(.plain(list))
                    for block in 0..<blocks { entry(.plain, block: position + UInt32(block), to: &packed) }
                    packed.blocks += UInt32(blocks)
                }
            }
            return isSmaller ? packed : nil
        }

        private func fill(_ cursor: ExtentCursor) throws -> Int {
            var length = 0
            while length < input.count {
                let count = try cursor.read(into: UnsafeMutableRawBufferPointer(rebasing: input[length...]))
                if count == 0 { break }
                length += count
            }
            return length
        }

        /// - Returns: how many blocks the first `length` bytes of the input took, when fewer than before.
        private func store(_ length: Int, in blocks: Int) throws -> Int? {
            guard blocks > 1 else { return nil }
            let capacity = (blocks - 1) * blockSize
            let source = input.baseAddress?.assumingMemoryBound(to: CChar.self)
            let target = output.baseAddress?.assumingMemoryBound(to: CChar.self)
            let count = Int(
                level < 2
                    ? LZ4_compress_default(source, target, Int32(length), Int32(capacity))
                    : LZ4_compress_HC(source, target, Int32(length), Int32(capacity), Int32(level)))
            guard count > 0 else { return nil }
            let stored = (count + blockSize - 1) / blockSize
            // Data end with the cluster; the kernel skips the zeros before them.
            try [UInt8](repeating: 0, count: stored * blockSize - count).withUnsafeBytes { try write($0) }
            try write(UnsafeRawBufferPointer(rebasing: output[..<count]))
            return stored
        }

        private func add(cluster count: Int, of blocks: Int, at position: UInt32, end: Int, to packed: inout Packed) {
            entry(.head, block: position, to: &packed)
            let heads = end == 0 ? blocks : blocks - 1
            for block in 1..<heads {
                let back = block == 1 ? UInt16(count) | 0x800 : UInt16(block)
                entry(.rest, block: UInt32(back) | UInt32(heads - block) << 16, to: &packed)
            }
            if end > 0 { entry(.plain, start: UInt16(end), block: 0, to: &packed) }
            packed.blocks += UInt32(count)
            let length = UInt64(count * blockSize)
            if case .packed(let before)? = packed.pieces.last {
                packed.pieces[packed.pieces.count - 1] = .packed(before + length)
            } else {
                packed.pieces.append(.packed(length))
            }
        }

        private static var header: [UInt8] {
            var bytes = ByteBuilder(reserving: headerLength)
            bytes.u32le(0)
            bytes.u16le(2)
            bytes.pad(to: headerLength)
            return bytes.bytes
        }

        private func entry(_ kind: Kind, start: UInt16 = 0, block: UInt32, to packed: inout Packed) {
            for shift in [0, 8] as [UInt16] { packed.index.append(UInt8(truncatingIfNeeded: kind.rawValue >> shift)) }
            for shift in [0, 8] as [UInt16] { packed.index.append(UInt8(truncatingIfNeeded: start >> shift)) }
            for shift in [0, 8, 16, 24] as [UInt32] { packed.index.append(UInt8(truncatingIfNeeded: block >> shift)) }
        }
    }
}

extension EROFS {
    /// The kind of each block of a compressed file (struct z_erofs_map_header with its entries; fs/erofs/zmap.c).
    ///
    /// From a multiple of 8 bytes after the inode:
    /// ```
    ///   0 zeros, u32   4 advice, u16: 1 entries of 2 bytes, 2 clusters of several blocks
    ///   6 algorithms, u8: 0 LZ4   7 bits of blocks above 12, u8: 0
    /// ```
    /// The full index goes on with 8 zeros and 8 bytes for each block of contents, see ``Packer``. The compact one has
    /// packs: of 8 bytes for 2 blocks up to a multiple of 32 bytes, then with the advice 1 packs of 32 bytes for 16
    /// blocks as long as they are full, then of 8 bytes again. A pack is a row of fields of 16 or 14 bits, the lowest
    /// first, and at its end a block, u32:
    /// ```
    ///   bits 0…11 as the second field of the full index   12…13 type
    /// ```
    /// The first cluster of the pack is at the next block, with large clusters at that block; each further
    /// one follows the previous one.
    struct Index {
        /// A block of contents.
        enum Entry {
            /// A cluster begins `offset` bytes into it.
            case head(isPlain: Bool, offset: Int, block: UInt32)
            /// A cluster goes on; `blocks` is its length where that is given.
            case rest(blocks: Int?)
        }

        let hasLargeClusters: Bool
        /// Of contents.
        let blocks: UInt64
        private let reader: Reader
        private let inode: Inode
        private let isCompact: Bool
        private let start: UInt64
        /// Blocks in 8-byte packs before those of 32 bytes, and in the latter; none for the full index.
        private var before: UInt64 = 0
        private var dense: UInt64 = 0

        init(_ reader: Reader, _ inode: Inode) throws {
            (self.reader, self.inode) = (reader, inode)
            isCompact = inode.layout == .packedShort
            blocks = EROFS.blocks(inode.size)
            let header = (inode.end + 7) / 8 * 8
            start = header + (isCompact ? 8 : 16)
            guard start <= reader.image.length, blocks <= (reader.image.length - start) / (isCompact ? 2 : 8) + 16
            else {
                throw reader.error("the index of inode \(inode.nid) reaches beyond the end of the image")
            }
            let bytes = ByteView(try reader.image.bytes(at: header, count: 8), "EROFS index")
            // Images without settings have no header before a full index, but its room.
            let hasHeader = isCompact || reader.superblock.incompatible.contains(.configurations)
            let advice = try hasHeader ? bytes.u16le(4) : 0
            hasLargeClusters = advice & 2 != 0
            guard advice & ~7 == 0 else {
                throw reader.error("inode \(inode.nid) needs \(Self.names(of: advice)), which is not supported")
            }
            let (algorithms, bits) = (try bytes.u8(6), try bytes.u8(7))
            guard !hasHeader || algorithms == 0 else {
                throw reader.error(
                    "inode \(inode.nid) is compressed with algorithm \(algorithms & 15), expected 0 (LZ4)")
            }
            guard !hasHeader || bits == 0 else {
                throw reader.error("inode \(inode.nid) has an index whose block size is not 4096 bytes")
            }
            guard isCompact else { return }
            before = min(blocks, (32 - start % 32) % 32 / 4)
            dense = advice & 1 != 0 ? (blocks - before) / 16 * 16 : 0
        }

        private static func names(of advice: UInt16) -> String {
            let names =
                [(8, "tail packing"), (16, "interlaced plain clusters"), (32, "fragments")] as [(UInt16, String)]
            let found = names.filter { advice & $0.0 != 0 }.map(\.1)
            return found.isEmpty ? "advice 0x\(String(advice, radix: 16))" : found.joined(separator: ", ")
        }

        /// Hands on the entries of all blocks in order.
        func forEach(_ body: (UInt64, Entry) throws -> Void) throws {
            guard isCompact else { return try forEachFull(body) }
            var position = start
            var number: UInt64 = 0
            while number < blocks {
                let isDense = number >= before && number < before + dense
                let pack = Pack(
                    bytes: ByteView(try reader.image.bytes(at: position, count: isDense ? 32 : 8), "EROFS index"),
                    fields: isDense ? 16 : 2,
                    hasLargeClusters: hasLargeClusters)
                for entry in try pack.entries().prefix(Int(min(16, blocks - number))) {
                    guard let entry else {
                        throw reader.error("inode \(inode.nid) uses a second algorithm, which is not supported")
                    }
                    try body(number, entry)
                    number += 1
                }
                position += isDense ? 32 : 8
            }
        }

        private func forEachFull(_ body: (UInt64, Entry) throws -> Void) throws {
            // In pieces, for it may be long.
            let step: UInt64 = 8192
            for first in stride(from: 0, to: blocks, by: Int(step)) {
                let count = Int(min(step, blocks - first))
                let index = ByteView(try reader.image.bytes(at: start + first * 8, count: count * 8), "EROFS index")
                for number in 0..<count {
                    let type = try index.u16le(number * 8) & 3
                    guard type < 3 else {
                        throw reader.error("inode \(inode.nid) uses a second algorithm, which is not supported")
                    }
                    let distance = try Int(index.u16le(number * 8 + 4))
                    let entry: Entry =
                        try type == 2
                        ? .rest(blocks: distance & 0x800 == 0 ? nil : distance & 0x7FF)
                        : .head(
                            isPlain: type == 0, offset: Int(index.u16le(number * 8 + 2)),
                            block: index.u32le(number * 8 + 4))
                    try body(first + UInt64(number), entry)
                }
            }
        }
    }

    /// A few entries of a compact index, which share the number of a block.
    private struct Pack {
        let bytes: ByteView
        let fields: Int
        let hasLargeClusters: Bool

        private func field(_ index: Int) throws -> (type: UInt32, value: Int) {
            let bit = index * (bytes.count - 4) * 8 / fields
            let value = try bytes.u32le(bit / 8) >> UInt32(bit % 8)
            return (value >> 12 & 3, Int(value & 0xFFF))
        }

        /// Whether a field adds the length of the cluster that begins before it.
        private func saysItsLength(_ index: Int) throws -> Bool {
            guard hasLargeClusters, index < fields else { return false }
            let next = try field(index)
            return next.type == 2 && next.value & 0x800 != 0
        }

        /// nil for a cluster of the second algorithm.
        func entries() throws -> [Index.Entry?] {
            let base = try bytes.u32le(bytes.count - 4)
            var used: UInt32 = hasLargeClusters ? 0 : 1
            return try (0..<fields).map { index in
                let (type, value) = try field(index)
                guard type < 3 else { return nil }
                guard type < 2 else {
                    let count = value & 0x800 == 0 ? nil : value & 0x7FF
                    if hasLargeClusters { used &+= UInt32(count ?? 0) }
                    return .rest(blocks: count)
                }
                let entry = Index.Entry.head(isPlain: type == 0, offset: value, block: base &+ used)
                if try !saysItsLength(index + 1) { used &+= 1 }
                return entry
            }
        }
    }
}
