internal import Extents

extension EROFS {
    /// A file, directory, link or device of an image.
    public struct Inode: Sendable {
        public let nid: UInt64
        let type: FileType
        /// Permission bits with set-user-ID, set-group-ID and sticky.
        public let mode: UInt16
        public let uid: UInt32
        public let gid: UInt32
        /// In bytes.
        public let size: UInt64
        /// Seconds since 1970.
        public let modified: Int64
        public let links: UInt32
        let layout: Layout
        let place: UInt32
        /// Where the attributes begin, in bytes of the image, and how many bytes there are.
        let attributes: Range<UInt64>
        /// Where inode and attributes end.
        var end: UInt64 { attributes.upperBound }

        public var isDirectory: Bool { type == .directory }
        public var isRegular: Bool { type == .regular }
        public var isSymlink: Bool { type == .symlink }
        var hasContents: Bool { isDirectory || isRegular || isSymlink }

        /// Major and minor number of a device.
        public var device: (major: UInt32, minor: UInt32) { (place >> 8 & 0xFFF, place & 0xFF | place >> 12 & 0xFFF00) }
    }
}

extension EROFS.Reader {
    public var root: EROFS.Inode {
        get throws {
            let root = try inode(UInt64(superblock.rootNode))
            guard root.isDirectory else { throw fault("the root is not a directory") }
            return root
        }
    }

    /// The inode of a number.
    func inode(_ nid: UInt64) throws -> EROFS.Inode {
        let base = UInt64(superblock.metaBlock) * UInt64(EROFS.blockSize)
        guard base <= image.length, nid < (image.length - base) / UInt64(EROFS.slotSize) else {
            throw fault("inode \(nid) lies beyond the end of the image")
        }
        let start = base + nid * UInt64(EROFS.slotSize)
        let format = try ByteView(image.bytes(at: start, count: 2), "EROFS inode").u16le(0)
        let isExtended = format & 1 == 1
        guard let layout = EROFS.Layout(rawValue: format >> 1 & 7), format >> 4 == 0 else {
            throw fault("inode \(nid) has the unknown format \(format)")
        }
        let length = isExtended ? 64 : 32
        let bytes = ByteView(try image.bytes(at: start, count: length), "EROFS inode")
        let mode = try bytes.u16le(4)
        guard let type = EROFS.FileType(mode: mode) else { throw fault("inode \(nid) has the unknown mode \(mode)") }
        let count = UInt64(try bytes.u16le(2))
        let end = start + UInt64(length)
        let size = try isExtended ? bytes.u64le(8) : UInt64(bytes.u32le(8))
        guard size <= UInt64(Int64.max) else { throw fault("inode \(nid) has \(size) bytes") }
        return try EROFS.Inode(
            nid: nid, type: type, mode: mode & 0o7777, uid: isExtended ? bytes.u32le(24) : UInt32(bytes.u16le(24)),
            gid: isExtended ? bytes.u32le(28) : UInt32(bytes.u16le(26)), size: size,
            modified: isExtended ? Int64(bitPattern: bytes.u64le(32)) : superblock.time,
            links: isExtended ? bytes.u32le(44) : UInt32(bytes.u16le(6)), layout: layout, place: bytes.u32le(16),
            attributes: end..<end + (count == 0 ? 0 : 12 + 4 * (count - 1)))
    }
}

extension EROFS.FileType {
    fileprivate init?(mode: UInt16) {
        let types: [EROFS.FileType] = [.regular, .directory, .characterDevice, .blockDevice, .fifo, .socket, .symlink]
        guard let type = types.first(where: { $0.modeBits == mode & 0o170000 }) else { return nil }
        self = type
    }
}
