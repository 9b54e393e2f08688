internal import CLZ4
internal import Extents

extension EROFS {
    /// Compresses files in clusters: up to 16 blocks of contents become fewer blocks, or stay as they are.
    ///
    /// Behind the inode, from a multiple of 8 bytes (struct z_erofs_map_header, struct z_erofs_lcluster_index):
    /// ```
    ///   0 zeros   4 advice, u16: 2 clusters of several blocks   6 algorithms, u8: 0 LZ4   7 bits of blocks above 12, u8: 0   8 zeros
    ///  16 for each block of contents: type, u16; place in the block, u16; then
    ///       0 plain, 1 head of a cluster: block, u32
    ///       2 not a head: distance to the head, u16, in the first after the head 0x800 + blocks of the cluster; to the next head, u16
    /// ```
    /// A last block that is not full is a plain one that begins where the contents end, unless it is a cluster of its own.
    final class Packer {
        static let clusterBlocks = 16
        private static let headerLength = 16

        struct Packed {
            /// What follows the inode.
            var index: [UInt8]
            var blocks: UInt32 = 0
            var pieces: [Writer.Piece] = []
        }

        private enum Kind: UInt16 {
            case plain, head, rest
        }

        private let level: Int
        private let write: (UnsafeRawBufferPointer) throws -> Void
        private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: clusterBlocks * blockSize, alignment: 4096)
        private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: clusterBlocks * blockSize, alignment: 4096)

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
                let place = first + packed.blocks
                if let count = try store(length, in: blocks) {
                    isSmaller = true
                    add(cluster: count, of: blocks, at: place, end: length % blockSize, to: &packed)
                } else {
                    var list = contents[start..<start + UInt64(length)]
                    list.pad(toMultipleOf: UInt64(blockSize))
                    packed.pieces.append(.plain(list))
                    for block in 0..<blocks { entry(.plain, block: place + UInt32(block), to: &packed) }
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

        private func add(cluster count: Int, of blocks: Int, at place: UInt32, end: Int, to packed: inout Packed) {
            entry(.head, block: place, to: &packed)
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
