internal import CLZ4
internal import Extents

extension EROFS {
    /// Reads one compressed file cluster by cluster; the index is that of ``Packer``.
    struct Unpacker {
        /// The kernel's bound for a compressed cluster.
        private static let greatestCluster = 1 << 20
        /// LZ4 makes at most 255 bytes of one.
        private static let greatestRatio = 255
        private static let longest = 64 << 20

        private struct Cluster {
            let isPlain: Bool
            /// Of the contents, in bytes.
            let start: UInt64
            let block: UInt32
            var blocks = 1
        }

        private let reader: Reader
        private let inode: Inode
        private let indexStart: UInt64
        private let blocks: UInt64
        private let hasLargeClusters: Bool

        init(_ reader: Reader, _ inode: Inode) throws {
            self.reader = reader
            self.inode = inode
            let header = (inode.end + 7) / 8 * 8
            blocks = EROFS.blocks(inode.size)
            indexStart = header + 16
            guard indexStart <= reader.image.length, blocks <= (reader.image.length - indexStart) / 8 else {
                throw reader.fault("the index of inode \(inode.nid) reaches beyond the end of the image")
            }
            // Images without settings have no header, but its room.
            let bytes = ByteView(try reader.image.bytes(at: header, count: 8), "EROFS index")
            let hasHeader = reader.superblock.incompatible.contains(.configurations)
            hasLargeClusters = try hasHeader && bytes.u16le(4) & 2 != 0
            guard try !hasHeader || (bytes.u16le(4) & ~6 == 0 && bytes.u8(6) == 0 && bytes.u8(7) == 0) else {
                throw reader.fault("inode \(inode.nid) is compressed in a way that is not read here")
            }
        }

        func read(_ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
            var open: Cluster?
            // The index in pieces, for it may be long.
            let step: UInt64 = 8192
            for first in stride(from: 0, to: blocks, by: Int(step)) {
                let count = Int(min(step, blocks - first))
                let index = ByteView(try reader.image.bytes(at: indexStart + first * 8, count: count * 8), "EROFS index")
                for entry in 0..<count { try take(index, entry, number: first + UInt64(entry), &open, consume) }
            }
            if let open { try unpack(open, to: inode.size, consume) }
        }

        private func take(
            _ index: ByteView, _ entry: Int, number: UInt64, _ open: inout Cluster?, _ consume: (UnsafeRawBufferPointer) throws -> Void
        ) throws {
            let type = try index.u16le(entry * 8) & 3
            if type == 2 {
                guard let cluster = open else { throw damaged() }
                let count = try index.u16le(entry * 8 + 4)
                guard hasLargeClusters, !cluster.isPlain, number == cluster.start / UInt64(blockSize) + 1 else { return }
                guard count & 0x800 != 0, count & 0x7FF > 0 else { throw damaged() }
                open?.blocks = Int(count & 0x7FF)
                return
            }
            let offset = try index.u16le(entry * 8 + 2)
            let start = number * UInt64(blockSize) + UInt64(offset)
            guard type < 2, offset < UInt16(blockSize), start <= inode.size else { throw damaged() }
            if let open { try unpack(open, to: start, consume) } else if start > 0 { throw damaged() }
            // The mark of the end is no cluster.
            open = start == inode.size ? nil : Cluster(isPlain: type == 0, start: start, block: try index.u32le(entry * 8 + 4))
        }

        private func unpack(_ cluster: Cluster, to end: UInt64, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
            let length = end - cluster.start
            let stored = cluster.blocks * blockSize
            guard stored <= Self.greatestCluster, length > 0,
                length <= min(Self.longest, cluster.isPlain ? blockSize : stored * Self.greatestRatio)
            else { throw damaged() }
            let start = UInt64(cluster.block) * UInt64(blockSize)
            guard start <= reader.image.length, UInt64(stored) <= reader.image.length - start else { throw damaged() }
            let data = try reader.image.bytes(at: start, count: stored)
            guard !cluster.isPlain else { return try data[..<Int(length)].withUnsafeBytes { try consume($0) } }
            let contents = try decompress(data, to: Int(length))
            try contents.withUnsafeBytes { try consume($0) }
        }

        private func decompress(_ data: [UInt8], to length: Int) throws -> [UInt8] {
            let isPadded = reader.superblock.incompatible.contains(.zeroPadding)
            let skipped = isPadded ? data.prefix(blockSize).prefix { $0 == 0 }.count : 0
            let contents = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                buffer.initialize(repeating: 0)
                let made = data[skipped...].withUnsafeBytes { source in
                    buffer.withMemoryRebound(to: CChar.self) { target in
                        source.withMemoryRebound(to: CChar.self) { source in
                            isPadded
                                ? LZ4_decompress_safe(source.baseAddress, target.baseAddress, Int32(source.count), Int32(length))
                                : LZ4_decompress_safe_partial(
                                    source.baseAddress, target.baseAddress, Int32(source.count), Int32(length), Int32(length))
                        }
                    }
                }
                count = Int(max(made, 0))
            }
            guard contents.count == length else { throw damaged() }
            return contents
        }

        private func damaged() -> DiskImageError { reader.fault("the compressed contents of inode \(inode.nid) make no sense") }
    }
}
