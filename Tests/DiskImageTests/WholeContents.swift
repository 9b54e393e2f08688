import Archive
import Extents

@testable import DiskImage

// Contents and names in one go. The product reads disks piece by piece.

extension GCPArchive {
    /// The disk of an archive that was decompressed, as ranges of it. Plain members are read too.
    /// - Throws: `DiskImageError` for anything but an intact archive of this kind; `FileError`, `ExtentError`.
    static func read(_ archive: ExtentList) throws -> ExtentList {
        let head = try Head(try ByteView(archive, at: 0, count: 512, "tar header"))
        guard head.isSparse else { return try part(archive, 512, head.stored) }
        var map = head.map
        var position: UInt64 = 512
        var more = head.hasMore
        while more {
            let block = try ByteView(archive, at: position, count: 512, "tar extension block")
            map += try ranges(block, at: 0, 21)
            more = try block.u8(504) > 0
            position += 512
        }
        return try assemble(archive, map, size: head.size, from: position)
    }

    private static func assemble(_ archive: ExtentList, _ map: [SparseRange], size: UInt64, from start: UInt64) throws
        -> ExtentList
    {
        var (disk, position) = (ExtentList(), start)
        for range in map {
            guard range.offset >= disk.length, range.offset <= size, range.length <= size - range.offset else {
                throw DiskImageError("tar: a range of \(range.length) bytes at \(range.offset) in a file of \(size)")
            }
            disk.pad(to: range.offset)
            disk.append(try part(archive, position, range.length))
            position += range.length.rounded(to: block)
        }
        disk.pad(to: size)
        return disk
    }

    private static func part(_ archive: ExtentList, _ start: UInt64, _ length: UInt64) throws -> ExtentList {
        guard start <= archive.length, length <= archive.length - start else {
            throw DiskImageError("tar: \(length) bytes at \(start), but the archive ends at \(archive.length)")
        }
        return archive[start..<start + length]
    }
}

extension QCOW2.Image {
    /// The disk's bytes: plain data as ranges of the file, compressed data in memory.
    /// - Parameter limit: of decompressed bytes.
    /// - Throws: `DiskImageError` for a damaged file, or one whose contents are in another file; `ExtentError.tooLong`;
    ///   `FileError`.
    func contents(limit: UInt64 = 64 << 20) throws -> ExtentList {
        var disk = ExtentList()
        var decompressed: UInt64 = 0
        try forEachCluster { start, cluster, isCompressed in
            if isCompressed { decompressed += clusterSize }
            guard decompressed <= limit else { throw ExtentError.tooLong(length: decompressed, limit: limit) }
            disk.pad(to: start)
            disk.append(cluster)
        }
        disk.pad(to: max(size, disk.length))
        return disk[0..<size]
    }
}

extension VMDK.Image {
    /// The disk's bytes: grains that are stored plainly as ranges of the file, compressed ones in memory.
    /// - Parameter limit: of decompressed bytes.
    /// - Throws: `DiskImageError` for a damaged file; `ExtentError.tooLong`; `FileError`.
    func contents(limit: UInt64 = 64 << 20) throws -> ExtentList {
        var disk = ExtentList()
        var decompressed: UInt64 = 0
        try forEachGrain { start, grain in
            disk.pad(to: start)
            if isCompressed { decompressed += grainSize }
            guard decompressed <= limit else { throw ExtentError.tooLong(length: decompressed, limit: limit) }
            disk.append(grain)
        }
        disk.pad(to: max(size, disk.length))
        return disk[0..<size]
    }
}

extension EROFS.Reader {
    /// The inode of a path; symlinks are not followed.
    /// - Returns: nil when there is nothing.
    func find(_ path: TreePath) throws -> EROFS.Inode? {
        var inode = try root
        for part in path.bytes.split(separator: 0x2F) {
            guard inode.isDirectory,
                let entry = try entries(of: inode).first(where: { $0.name.elementsEqual(part) })
            else {
                return nil
            }
            inode = try self.inode(entry.nid)
        }
        return inode
    }
}

extension EROFS.Inode {
    /// Major and minor number of a device.
    var device: (major: UInt32, minor: UInt32) { (union >> 8 & 0xFFF, union & 0xFF | union >> 12 & 0xFFF00) }
}

extension EROFS.Reader {
    /// The extended attributes of an inode: those that it shares with others first.
    /// - Throws: `DiskImageError`, `FileError`, `ExtentError`.
    func attributes(of inode: EROFS.Inode) throws -> [FileTree.Attribute] {
        guard !inode.attributes.isEmpty else { return [] }
        let bytes = ByteView(
            try image.bytes(at: inode.attributes.lowerBound, count: inode.attributes.count), "EROFS attributes")
        let shared = Int(try bytes.u8(4))
        var position = EROFS.Attributes.headerLength
        var found: [FileTree.Attribute] = []
        for _ in 0..<shared {
            found.append(try sharedAttribute(try bytes.u32le(position), of: inode))
            position += 4
        }
        while position + 4 <= bytes.bytes.count {
            let (attribute, length) = try attribute(bytes, at: position, of: inode)
            found.append(attribute)
            position += (length + 3) / 4 * 4
        }
        return found
    }

    /// A shared one, at a multiple of 4 bytes.
    private func sharedAttribute(_ number: UInt32, of inode: EROFS.Inode) throws -> FileTree.Attribute {
        let start = UInt64(superblock.attributeBlock) * UInt64(EROFS.blockSize) + UInt64(number) * 4
        guard start < image.length else {
            throw error("attribute \(number) of inode \(inode.nid) is beyond the end of the image")
        }
        // The longest there can be.
        let count = min(image.length - start, 4 + 255 + 65535)
        return try attribute(
            ByteView(try image.bytes(at: start, count: Int(count)), "EROFS attribute"), at: 0, of: inode
        ).0
    }

    private func attribute(_ bytes: ByteView, at position: Int, of inode: EROFS.Inode) throws -> (
        FileTree.Attribute, length: Int
    ) {
        let (nameLength, valueLength) = (Int(try bytes.u8(position)), Int(try bytes.u16le(position + 2)))
        let number = try bytes.u8(position + 1)
        guard let prefix = EROFS.Attributes.prefixes.first(where: { $0.number == number }) else {
            throw error("the attributes of inode \(inode.nid) are invalid")
        }
        let name = try bytes.slice(position + 4, nameLength)
        let value = try bytes.slice(position + 4 + nameLength, valueLength)
        return (
            FileTree.Attribute(name: prefix.text + String(decoding: name, as: UTF8.self), value: value),
            4 + nameLength + valueLength
        )
    }
}

extension EROFS {
    /// The image of a tree, nothing compressed.
    static func image(of tree: FileTree, _ options: Options = Options()) throws -> ExtentList {
        var writer = try Writer(tree, options)
        try writer.placeFiles(nil)
        return try writer.finish(packed: ExtentList())
    }
}
