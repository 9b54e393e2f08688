internal import Archive
internal import Extents

extension EROFS {
    /// An inode of 32 bytes (struct erofs_inode_compact), or of 64 (struct erofs_inode_extended) when owner, size or links are
    /// large or the time is not that of the superblock:
    /// ```
    ///   0 format, u16: bit 0 extended, bits 1…3 layout   2 attributes, u16   4 mode, u16
    ///   compact:  6 links, u16   8 size, u32    16 blocks, device or first block, u32   20 number, u32   24 owner, u16   26 group, u16
    ///   extended: 6 zero         8 size, u64    16 the same                             20 number, u32   24 owner, u32   28 group, u32
    ///            32 time, u64   40 nanoseconds, u32   44 links, u32
    /// ```
    struct InodeFields {
        var layout = Layout.plain
        var attributesLength = 0
        var type = FileType.regular
        var permissions: UInt16 = 0
        var links: UInt32 = 1
        var size: UInt64 = 0
        /// First block, number of compressed blocks, or device.
        var place: UInt32 = .max
        var number: UInt32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var modified: Int64 = 0

        func isExtended(time: Int64) -> Bool {
            modified != time || size > UInt64(UInt32.max) || max(uid, gid, links) > UInt32(UInt16.max)
        }

        func length(time: Int64) -> Int { isExtended(time: time) ? 64 : 32 }

        func bytes(time: Int64) -> [UInt8] {
            let isExtended = isExtended(time: time)
            var bytes = ByteBuilder(reserving: 64)
            bytes.u16le(layout.rawValue << 1 | (isExtended ? 1 : 0))
            bytes.u16le(Attributes.count(attributesLength))
            bytes.u16le(type.modeBits | permissions & 0o7777)
            bytes.u16le(isExtended ? 0 : UInt16(links))
            if isExtended {
                bytes.u64le(size)
            } else {
                bytes.u32le(UInt32(size))
                bytes.u32le(0)
            }
            bytes.u32le(place)
            bytes.u32le(number)
            guard isExtended else {
                bytes.u16le(UInt16(uid))
                bytes.u16le(UInt16(gid))
                bytes.pad(to: 32)
                return bytes.bytes
            }
            bytes.u32le(uid)
            bytes.u32le(gid)
            bytes.u64le(UInt64(bitPattern: modified))
            bytes.u32le(0)
            bytes.u32le(links)
            bytes.pad(to: 64)
            return bytes.bytes
        }
    }
}
