/// Bytes composed from extents. The length is always known; nothing is read until an ``ExtentWriter`` or
/// ``ExtentReader`` walks it.
public struct ExtentList: Sendable {
    /// In order, none empty, neighbours merged where one extent can say both.
    public private(set) var extents: [Extent] = []
    /// Total length in bytes.
    public private(set) var length: UInt64 = 0

    public init() {}

    public init(_ extents: [Extent]) {
        for extent in extents { append(extent) }
    }

    /// Bytes in memory.
    public init(bytes: [UInt8]) { append(.bytes(bytes)) }

    /// The whole of a file.
    /// - Throws: `FileError` when the file is not there.
    public init(file path: String) throws { try self.init(file: path, checksum: nil) }

    /// The whole of a file that is compared with its checksum when it is read.
    /// - Throws: `FileError` when the file is not there.
    public init(file path: String, checksum: FileChecksum?) throws {
        append(.file(FileRange(try SourceFile(path, checksum: checksum))))
    }

    /// Adds an extent at the end; an empty one changes nothing.
    public mutating func append(_ extent: Extent) {
        guard extent.length > 0 else { return }
        length += extent.length
        if let last = extents.last, let joined = last.merged(with: extent) {
            extents[extents.count - 1] = joined
        } else {
            extents.append(extent)
        }
    }

    /// Adds all extents of another list at the end.
    public mutating func append(_ list: ExtentList) {
        for extent in list.extents { append(extent) }
    }

    /// Adds zeros up to a length in bytes, which must not be below the present one.
    public mutating func pad(to length: UInt64) {
        precondition(length >= self.length, "padding \(self.length) bytes to \(length)")
        append(.hole(length - self.length))
    }

    /// Adds bytes that are missing, up to a length in bytes: offsets stay valid in a truncated file,
    /// and reading what it lacks is an error.
    public mutating func extendMissing(to length: UInt64) {
        guard length > self.length else { return }
        append(.file(FileRange(.missing, offset: self.length, length: length - self.length)))
    }

    /// Adds zeros up to the next multiple of `unit` bytes.
    public mutating func pad(toMultipleOf unit: UInt64) {
        let rest = length % unit
        if rest > 0 { append(.hole(unit - rest)) }
    }

    /// The bytes of a range, which must be within it.
    public subscript(range: Range<UInt64>) -> ExtentList {
        precondition(range.upperBound <= length, "range \(range) of \(length) bytes")
        var part = ExtentList()
        var start: UInt64 = 0
        for extent in extents where !range.isEmpty {
            let end = start + extent.length
            if start >= range.upperBound { break }
            if end > range.lowerBound {
                part.append(extent.slice(max(start, range.lowerBound) - start..<min(end, range.upperBound) - start))
            }
            start = end
        }
        return part
    }

    /// The ranges that are not holes, in order, with adjacent ones joined: what an encoder of sparse formats must
    /// store.
    public var dataRanges: [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        var start: UInt64 = 0
        for extent in extents {
            let end = start + extent.length
            if case .hole = extent.source {
            } else if let last = ranges.last, last.upperBound == start {
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(start..<end)
            }
            start = end
        }
        return ranges
    }
}

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

    /// The bytes of a range of blocks; beyond the end of the list are zeros.
    public func blocks(_ range: Range<UInt64>, of unit: UInt64) -> ExtentList {
        let end = range.upperBound * unit
        var part = self[range.lowerBound * unit..<min(end, length)]
        part.pad(to: end - range.lowerBound * unit)
        return part
    }
}

extension ExtentList {
    /// The bytes of a range, read into memory; for readers that go by offsets. Holes are zeros.
    /// - Parameters:
    ///   - offset: in bytes.
    ///   - count: in bytes; the caller bounds it.
    /// - Throws: `ExtentError.beyondEnd` when the list ends before that, `FileError`, `ExtentError.changed`.
    public func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
        guard count >= 0, offset <= length, UInt64(count) <= length - offset else {
            throw ExtentError.beyondEnd(offset: offset, count: count, length: length)
        }
        let cursor = ExtentCursor(self)
        cursor.seek(to: offset)
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < count {
                done += try cursor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            }
        }
        return bytes
    }
}
