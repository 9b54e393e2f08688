internal import CLZ4
internal import Extents

extension EROFS {
    /// Reads one compressed file cluster by cluster.
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
        private let index: Index

        init(_ reader: Reader, _ inode: Inode) throws {
            (self.reader, self.inode) = (reader, inode)
            index = try Index(reader, inode)
        }

        func read(_ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
            var open: Cluster?
            try index.forEach { number, entry in try take(entry, number: number, &open, consume) }
            if let open { try unpack(open, to: inode.size, consume) }
        }

        private func take(
            _ entry: Index.Entry, number: UInt64, _ open: inout Cluster?, _ consume: (UnsafeRawBufferPointer) throws -> Void
        ) throws {
            switch entry {
            case .rest(let blocks):
                guard let cluster = open else { throw damaged() }
                guard index.hasLargeClusters, !cluster.isPlain, number == cluster.start / UInt64(blockSize) + 1 else { return }
                guard let blocks, blocks > 0 else { throw damaged() }
                open?.blocks = blocks
            case .head(let isPlain, let offset, let block):
                let start = number * UInt64(blockSize) + UInt64(offset)
                guard offset < blockSize, start <= inode.size else { throw damaged() }
                if let open { try unpack(open, to: start, consume) } else if start > 0 { throw damaged() }
                // The mark of the end is no cluster.
                open = start == inode.size ? nil : Cluster(isPlain: isPlain, start: start, block: block)
            }
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
