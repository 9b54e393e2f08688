internal import Archive
internal import Extents

extension EROFS {
    /// How an inode keeps its contents.
    enum Layout: UInt16 {
        /// In blocks.
        case plain = 0
        /// In compressed clusters with an entry of 8 bytes for each block of contents.
        case packed = 1
        /// In blocks, except for the rest of less than a block, which follows the inode.
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

extension EROFS {
    /// Extended attributes after an inode (struct erofs_xattr_ibody_header, struct erofs_xattr_entry):
    /// ```
    ///   0 reserved, u32   4 number of shared attributes, u8 (0)   5 seven zeros
    ///  12 entries: length of the name, u8; prefix, u8; length of the value, u16; the name without its prefix; the
    ///  value; zeros to a multiple of 4
    /// ```
    enum Attributes {
        static let headerLength = 12

        /// Number and text of the prefixes that can be stored. The two of access control lists are whole names.
        static let prefixes: [(number: UInt8, text: String)] = [
            (1, "user."), (2, "system.posix_acl_access"), (3, "system.posix_acl_default"), (4, "trusted."),
            (6, "security."),
        ]

        /// - Returns: nothing for a node without attributes.
        static func bytes(_ attributes: [FileTree.Attribute], of path: TreePath) throws -> [UInt8] {
            guard !attributes.isEmpty else { return [] }
            var bytes = ByteBuilder()
            bytes.fill(headerLength)
            for attribute in attributes {
                let (prefix, rest) = try split(attribute.name, of: path)
                guard rest.count <= 255, attribute.value.count <= Int(UInt16.max) else {
                    throw DiskImageError(
                        "'/\(path)': attribute '\(attribute.name)' has \(attribute.value.count) bytes, at most 65535 fit"
                    )
                }
                bytes.u8(UInt8(rest.count))
                bytes.u8(prefix)
                bytes.u16le(UInt16(attribute.value.count))
                bytes.append(rest)
                bytes.append(attribute.value)
                bytes.pad(toMultipleOf: 4)
            }
            guard bytes.count <= headerLength + 4 * (Int(UInt16.max) - 1) else {
                throw DiskImageError("'/\(path)': its attributes have \(bytes.count) bytes; the limit is 262148")
            }
            return bytes.bytes
        }

        /// The number that an inode keeps for that many bytes of attributes.
        static func count(_ length: Int) -> UInt16 { length == 0 ? 0 : UInt16((length - headerLength) / 4 + 1) }

        private static func split(_ name: String, of path: TreePath) throws -> (UInt8, [UInt8]) {
            for prefix in prefixes where name.hasPrefix(prefix.text) {
                let rest = Array(name.utf8.dropFirst(prefix.text.utf8.count))
                if prefix.text.hasSuffix(".") != rest.isEmpty { return (prefix.number, rest) }
            }
            throw DiskImageError(
                "'/\(path)': attribute '\(name)' cannot be stored",
                hint: "Linux knows user., trusted., security. and POSIX access lists")
        }
    }
}

extension EROFS {
    /// The contents of a directory. Each block begins with its entries (struct erofs_dirent), the names follow:
    /// ```
    ///   0 nid, u64   8 where the name begins in the block, u16   10 type, u8   11 zero   — 12 bytes for each entry
    /// ```
    /// The first name's offset gives the number of entries; a name ends where the next begins, the last one at a
    /// zero or the end. Names are in the order of their bytes over all blocks, `.` and `..` among them.
    struct Directory {
        struct Entry {
            let name: [UInt8]
            let type: FileType
            /// Which inode.
            let item: Int
        }

        static let entryLength = 12
        let entries: [Entry]
        /// The entries of each block.
        let ranges: [Range<Int>]
        /// In bytes, up to the end of the last name.
        let size: Int

        /// - Parameter entries: all but `.` and `..`.
        init(_ entries: [Entry], item: Int, parent: Int) {
            let dots = [
                Entry(name: Array(".".utf8), type: .directory, item: item),
                Entry(name: Array("..".utf8), type: .directory, item: parent),
            ]
            let sorted = (entries + dots).sorted { $0.name.lexicographicallyPrecedes($1.name) }
            var ranges: [Range<Int>] = []
            var (start, used) = (0, 0)
            for (index, entry) in sorted.enumerated() {
                let length = Self.entryLength + entry.name.count
                if used + length > blockSize {
                    ranges.append(start..<index)
                    (start, used) = (index, 0)
                }
                used += length
            }
            ranges.append(start..<sorted.count)
            self.entries = sorted
            self.ranges = ranges
            size = (ranges.count - 1) * blockSize + used
        }

        /// How many bytes the last block has.
        var tail: Int { size - (ranges.count - 1) * blockSize }

        /// - Parameter node: the nid of an inode.
        func bytes(_ node: (Int) -> UInt64) -> [UInt8] {
            var bytes = ByteBuilder(reserving: size)
            for range in ranges {
                bytes.pad(toMultipleOf: blockSize)
                var position = range.count * Self.entryLength
                for entry in entries[range] {
                    bytes.u64le(node(entry.item))
                    bytes.u16le(UInt16(position))
                    bytes.u8(entry.type.rawValue)
                    bytes.u8(0)
                    position += entry.name.count
                }
                for entry in entries[range] { bytes.append(entry.name) }
            }
            return bytes.bytes
        }
    }
}
