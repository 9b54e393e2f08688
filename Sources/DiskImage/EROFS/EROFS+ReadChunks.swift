internal import Extents

extension EROFS.Reader {
    /// Of a file, that lie apart from each other: each takes memory.
    private static let pieceLimit = 1 << 18

    /// A file in chunks (struct erofs_inode_chunk_info). The inode has in place of a block:
    /// ```
    ///   0 bits 0…4 bits of chunks above those of blocks, bit 5 long entries
    /// ```
    /// Behind it, from a multiple of an entry's length, for each chunk: block, u32, all ones for a hole; long ones have before
    /// it 0 or the block's high bits, u16, and device, u16.
    func chunks(_ inode: EROFS.Inode) throws -> ExtentList {
        let format = inode.place
        let isLong = format & 32 != 0
        guard format & ~63 == 0 else { throw fault("inode \(inode.nid) has chunks of the unknown format \(format)") }
        let entry: UInt64 = isLong ? 8 : 4
        let chunk = UInt64(EROFS.blockSize) << UInt64(format & 31)
        let count = inode.size / chunk + (inode.size % chunk == 0 ? 0 : 1)
        let start = (inode.end + entry - 1) / entry * entry
        guard start <= image.length, count <= (image.length - start) / entry else {
            throw fault("the chunks of inode \(inode.nid) reach beyond the end of the image")
        }
        var list = ExtentList()
        // In pieces, for there may be many.
        for first in stride(from: 0, to: count, by: 8192) {
            let part = min(8192, count - first)
            let entries = ByteView(try image.bytes(at: start + first * entry, count: Int(part * entry)), "EROFS chunks")
            for number in 0..<Int(part) {
                let place = number * Int(entry) + (isLong ? 4 : 0)
                guard try !isLong || entries.u32le(place - 4) == 0 else {
                    throw fault("inode \(inode.nid) has chunks on another device, which is not read here")
                }
                let length = min(chunk, inode.size - list.length)
                try append(chunk: try entries.u32le(place), length, of: inode, to: &list)
                guard list.extents.count <= Self.pieceLimit else {
                    throw fault("inode \(inode.nid) lies in more than \(Self.pieceLimit) pieces")
                }
            }
        }
        return list
    }

    private func append(chunk block: UInt32, _ length: UInt64, of inode: EROFS.Inode, to list: inout ExtentList) throws {
        if block == .max { return list.append(.hole(length)) }
        let start = UInt64(block) * UInt64(EROFS.blockSize)
        guard start <= image.length, length <= image.length - start else {
            throw fault("a chunk of inode \(inode.nid) is at block \(block), beyond the end of the image")
        }
        list.append(image[start..<start + length])
    }
}
