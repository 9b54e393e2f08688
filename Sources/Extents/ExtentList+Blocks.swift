extension ExtentList {
    /// The blocks of `unit` bytes that hold data, as ranges of block numbers in order: what a container with clusters
    /// or grains must store. The last block may reach beyond the end of the list.
    public func dataBlocks(of unit: UInt64) -> [Range<UInt64>] {
        var blocks: [Range<UInt64>] = []
        for range in dataRanges {
            let first = range.lowerBound / unit
            let end = (range.upperBound - 1) / unit + 1
            if let last = blocks.last, last.upperBound >= first {
                blocks[blocks.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else {
                blocks.append(first..<end)
            }
        }
        return blocks
    }

    /// The bytes of a range of blocks; what lies beyond the end of the list is zeros.
    public func blocks(_ range: Range<UInt64>, of unit: UInt64) -> ExtentList {
        let end = range.upperBound * unit
        var part = self[range.lowerBound * unit..<min(end, length)]
        part.pad(to: end - range.lowerBound * unit)
        return part
    }
}
