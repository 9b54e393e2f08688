internal import CLZ4
internal import Extents

extension EROFS.Reader {
    /// A name in a directory.
    struct Entry {
        let name: [UInt8]
        let nid: UInt64
    }

    /// The names of a directory but `.` and `..`.
    func entries(of folder: EROFS.Inode) throws -> [Entry] {
        guard folder.isDirectory else { throw error("inode \(folder.nid) is not a directory") }
        let bytes = try contents(of: folder, limit: min(image.length, 16 << 20))
        var found: [Entry] = []
        for start in stride(from: 0, to: bytes.count, by: EROFS.blockSize) {
            try take(
                ByteView(Array(bytes[start..<min(start + EROFS.blockSize, bytes.count)]), "EROFS directory"),
                of: folder, into: &found)
        }
        return found
    }

    private func take(_ block: ByteView, of folder: EROFS.Inode, into found: inout [Entry]) throws {
        let length = EROFS.Directory.entryLength
        let damaged = error("directory \(folder.nid) is invalid")
        guard block.bytes.count >= length else { throw damaged }
        let first = Int(try block.u16le(8))
        guard first >= length, first % length == 0, first <= block.bytes.count else { throw damaged }
        let count = first / length
        for index in 0..<count {
            let start = Int(try block.u16le(index * length + 8))
            let end = try index + 1 < count ? Int(block.u16le((index + 1) * length + 8)) : block.bytes.count
            guard first <= start, start < end, end <= block.bytes.count else { throw damaged }
            let name = Array(try block.slice(start, end - start).prefix { $0 != 0 })
            guard !name.isEmpty, name.count <= 255, !name.contains(0x2F) else { throw damaged }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            found.append(Entry(name: name, nid: try block.u64le(index * length)))
        }
    }
}

extension EROFS.Reader {
    /// Separate pieces of a file: each takes memory.
    private static let pieceLimit = 1 << 18

    /// A file in chunks (struct erofs_inode_chunk_info). Instead of a block the inode has:
    /// ```
    ///   0 bits 0…4 bits of chunks above those of blocks, bit 5 long entries
    /// ```
    /// Behind it, from a multiple of an entry's length, for each chunk: block, u32, all ones for a hole; long ones have
    /// before it 0 or the block's high bits, u16, and device, u16.
    func chunks(_ inode: EROFS.Inode) throws -> ExtentList {
        let format = inode.union
        let isLong = format & 32 != 0
        guard format & ~63 == 0 else { throw error("inode \(inode.nid) has chunks of the unknown format \(format)") }
        let entry: UInt64 = isLong ? 8 : 4
        let chunk = UInt64(EROFS.blockSize) << UInt64(format & 31)
        let count = inode.size / chunk + (inode.size % chunk == 0 ? 0 : 1)
        let start = (inode.end + entry - 1) / entry * entry
        guard start <= image.length, count <= (image.length - start) / entry else {
            throw error("the chunks of inode \(inode.nid) reach beyond the end of the image")
        }
        var list = ExtentList()
        // In pieces, for there may be many.
        for first in stride(from: 0, to: count, by: 8192) {
            let part = min(8192, count - first)
            let entries = ByteView(try image.bytes(at: start + first * entry, count: Int(part * entry)), "EROFS chunks")
            for number in 0..<Int(part) {
                let position = number * Int(entry) + (isLong ? 4 : 0)
                guard try !isLong || entries.u32le(position - 4) == 0 else {
                    throw error("inode \(inode.nid) has chunks on another device, which is not supported")
                }
                let length = min(chunk, inode.size - list.length)
                try append(chunk: try entries.u32le(position), length, of: inode, to: &list)
                guard list.extents.count <= Self.pieceLimit else {
                    throw error("inode \(inode.nid) has more than \(Self.pieceLimit) pieces")
                }
            }
        }
        return list
    }

    private func append(chunk block: UInt32, _ length: UInt64, of inode: EROFS.Inode, to list: inout ExtentList) throws
    {
        if block == .max { return list.append(.hole(length)) }
        let start = UInt64(block) * UInt64(EROFS.blockSize)
        guard start <= image.length, length <= image.length - start else {
            throw error("a chunk of inode \(inode.nid) is at block \(block), beyond the end of the image")
        }
        list.append(image[start..<start + length])
    }
}

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
            _ entry: Index.Entry, number: UInt64, _ open: inout Cluster?,
            _ consume: (UnsafeRawBufferPointer) throws -> Void
        ) throws {
            switch entry {
            case .rest(let blocks):
                guard let cluster = open else { throw damaged() }
                guard index.hasLargeClusters, !cluster.isPlain, number == cluster.start / UInt64(blockSize) + 1 else {
                    return
                }
                guard let blocks, blocks > 0 else { throw damaged() }
                open?.blocks = blocks
            case .head(let isPlain, let offset, let block):
                let start = number * UInt64(blockSize) + UInt64(offset)
                guard offset < blockSize, start <= inode.size else { throw damaged() }
                if let open { try unpack(open, to: start, consume) } else if start > 0 { throw damaged() }
                // The end mark is not a cluster.
                open = start == inode.size ? nil : Cluster(isPlain: isPlain, start: start, block: block)
            }
        }

        private func unpack(_ cluster: Cluster, to end: UInt64, _ consume: (UnsafeRawBufferPointer) throws -> Void)
            throws
        {
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
                                ? LZ4_decompress_safe(
                                    source.baseAddress, target.baseAddress, Int32(source.count), Int32(length))
                                : LZ4_decompress_safe_partial(
                                    source.baseAddress, target.baseAddress, Int32(source.count), Int32(length),
                                    Int32(length))
                        }
                    }
                }
                count = Int(max(made, 0))
            }
            guard contents.count == length else { throw damaged() }
            return contents
        }

        private func damaged() -> DiskImageError {
            reader.error("the compressed contents of inode \(inode.nid) are invalid")
        }
    }
}
