extension EROFS {
    /// Finds room for inodes: what fits into a block never crosses its end, and smaller ones fill what larger ones leave.
    struct Slots {
        /// Length so far, in bytes.
        private(set) var length: Int
        /// Where blocks have room, by its number of slots.
        private var room: [[Int]] = Array(repeating: [], count: blockSize / slotSize)

        /// - Parameter reserved: bytes at the start that stay free.
        init(reserved: Int) { length = reserved }

        /// - Returns: where `count` bytes are put, a multiple of 32.
        mutating func take(_ count: Int) -> Int {
            let size = (count + slotSize - 1) / slotSize * slotSize
            if size < blockSize, let slots = (size / slotSize..<room.count).first(where: { !room[$0].isEmpty }),
                let found = room[slots].popLast()
            {
                keep(found + size..<found + slots * slotSize)
                return found
            }
            let free = (blockSize - length % blockSize) % blockSize
            if free < size {
                keep(length..<length + free)
                length += free
            }
            defer { length += size }
            return length
        }

        private mutating func keep(_ range: Range<Int>) {
            if !range.isEmpty { room[range.count / slotSize].append(range.lowerBound) }
        }
    }
}
