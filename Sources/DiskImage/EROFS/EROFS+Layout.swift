internal import Archive
internal import Extents

extension EROFS {
    /// How an inode keeps its contents.
    enum Layout: UInt16 {
        /// In blocks.
        case plain = 0
        /// In compressed clusters with an entry of 8 bytes for each block of contents.
        case packed = 1
        /// In blocks, except what is left below a block: that follows the inode.
        case inline = 2
        /// As ``packed`` with shorter entries.
        case packedShort = 3
        /// In chunks.
        case chunks = 4
    }

    /// Type numbers of directory entries.
    enum FileType: UInt8 {
        case regular = 1
        case directory, characterDevice, blockDevice, fifo, socket, symlink

        init(_ kind: FileTree.Kind) {
            switch kind {
            case .directory: self = .directory
            case .regular: self = .regular
            case .symlink: self = .symlink
            case .characterDevice: self = .characterDevice
            case .blockDevice: self = .blockDevice
            case .fifo: self = .fifo
            }
        }

        /// The type bits of a mode (inode(7)).
        var modeBits: UInt16 {
            switch self {
            case .regular: 0o100000
            case .directory: 0o040000
            case .characterDevice: 0o020000
            case .blockDevice: 0o060000
            case .fifo: 0o010000
            case .socket: 0o140000
            case .symlink: 0o120000
            }
        }
    }

    /// A device number as the kernel writes it to disk (new_encode_dev).
    static func device(major: UInt32, minor: UInt32) -> UInt32 { minor & 0xFF | major << 8 | (minor & ~0xFF) << 12 }
}
