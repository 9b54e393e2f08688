public import Archive
internal import Extents

extension EROFS.Reader {
    /// The extended attributes of an inode: those that it shares with others first.
    /// - Throws: `DiskImageError`, `FileError`, `ExtentError`.
    public func attributes(of inode: EROFS.Inode) throws -> [FileTree.Attribute] {
        guard !inode.attributes.isEmpty else { return [] }
        let bytes = ByteView(try image.bytes(at: inode.attributes.lowerBound, count: inode.attributes.count), "EROFS attributes")
        let shared = Int(try bytes.u8(4))
        var place = EROFS.Attributes.headerLength
        var found: [FileTree.Attribute] = []
        for _ in 0..<shared {
            found.append(try sharedAttribute(try bytes.u32le(place), of: inode))
            place += 4
        }
        while place + 4 <= bytes.bytes.count {
            let (attribute, length) = try attribute(bytes, at: place, of: inode)
            found.append(attribute)
            place += (length + 3) / 4 * 4
        }
        return found
    }

    /// One that lies in the blocks for all, at a multiple of 4 bytes.
    private func sharedAttribute(_ number: UInt32, of inode: EROFS.Inode) throws -> FileTree.Attribute {
        let start = UInt64(superblock.attributeBlock) * UInt64(EROFS.blockSize) + UInt64(number) * 4
        guard start < image.length else { throw fault("attribute \(number) of inode \(inode.nid) lies beyond the end of the image") }
        // The longest there can be.
        let count = min(image.length - start, 4 + 255 + 65535)
        return try attribute(ByteView(try image.bytes(at: start, count: Int(count)), "EROFS attribute"), at: 0, of: inode).0
    }

    private func attribute(_ bytes: ByteView, at place: Int, of inode: EROFS.Inode) throws -> (FileTree.Attribute, length: Int) {
        let (nameLength, valueLength) = (Int(try bytes.u8(place)), Int(try bytes.u16le(place + 2)))
        let number = try bytes.u8(place + 1)
        guard let prefix = EROFS.Attributes.prefixes.first(where: { $0.number == number }) else {
            throw fault("the attributes of inode \(inode.nid) make no sense")
        }
        let name = try bytes.slice(place + 4, nameLength)
        let value = try bytes.slice(place + 4 + nameLength, valueLength)
        return (FileTree.Attribute(name: prefix.text + String(decoding: name, as: UTF8.self), value: value), 4 + nameLength + valueLength)
    }
}
