internal import Extents

extension EROFS {
    /// The contents of a directory. Each block begins with its entries (struct erofs_dirent), the names follow:
    /// ```
    ///   0 nid, u64   8 where the name begins in the block, u16   10 type, u8   11 zero   — 12 bytes for each entry
    /// ```
    /// The first name's place tells how many entries there are; a name ends where the next begins, the last one at a zero or the
    /// end. Names are in the order of their bytes over all blocks, `.` and `..` among them.
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
                Entry(name: Array(".".utf8), type: .directory, item: item), Entry(name: Array("..".utf8), type: .directory, item: parent),
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
                var place = range.count * Self.entryLength
                for entry in entries[range] {
                    bytes.u64le(node(entry.item))
                    bytes.u16le(UInt16(place))
                    bytes.u8(entry.type.rawValue)
                    bytes.u8(0)
                    place += entry.name.count
                }
                for entry in entries[range] { bytes.append(entry.name) }
            }
            return bytes.bytes
        }
    }
}
