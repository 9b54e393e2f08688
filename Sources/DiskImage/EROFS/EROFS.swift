/// The read-only file system EROFS (Linux Documentation/filesystems/erofs.rst; fs/erofs/erofs_fs.h), as Linux 5.4 and later mount it.
///
/// Blocks of 4096 bytes, all integers little-endian. The kernel asks only that the superblock comes first; what follows is our order,
/// chosen so that files can be stored before it is known how small they become:
/// ```
///   block 0        1024 zeros, superblock (128 bytes), settings of LZ4 when there is something compressed
///   block 1…       contents of files, each from a block of its own
///   meta_blkaddr…  inodes in slots of 32 bytes, each followed by its attributes and then by the tail of its
///                  contents or the index of its compressed blocks; a number ("nid") is a slot
///   …              blocks of directories
/// ```
public enum EROFS {
    static let blockSize = 4096
    static let blockBits: UInt8 = 12
    static let slotSize = 32
    static let superblockOffset = 1024

    /// What an image depends on beside its tree.
    public struct Options: Sendable {
        /// 16 bytes.
        public var uuid: [UInt8]
        /// At most 16 bytes of ASCII.
        public var label: String
        /// When the image was made, in seconds since 1970. Inodes of that time take less room.
        public var time: Int64

        public init(uuid: [UInt8] = [UInt8](repeating: 0, count: 16), label: String = "", time: Int64 = 0) {
            self.uuid = uuid
            self.label = label
            self.time = time
        }
    }

    static func blocks(_ bytes: UInt64) -> UInt64 { bytes / UInt64(blockSize) + (bytes % UInt64(blockSize) == 0 ? 0 : 1) }
}
