/// A run of bytes of known length: bytes in memory, a range of a file, or zeros that need not be stored.
public struct Extent: Sendable {
    public enum Source: Sendable {
        case hole
        case bytes([UInt8])
        case file(FileRange)
    }

    /// In bytes.
    public let length: UInt64
    public let source: Source

    /// Zeros.
    public static func hole(_ length: UInt64) -> Extent { Extent(length: length, source: .hole) }
    /// Bytes in memory.
    public static func bytes(_ bytes: [UInt8]) -> Extent { Extent(length: UInt64(bytes.count), source: .bytes(bytes)) }
    /// A range of a file.
    public static func file(_ range: FileRange) -> Extent { Extent(length: range.length, source: .file(range)) }

    /// A part of this extent; `range` counts from its own start and must be within it.
    func slice(_ range: Range<UInt64>) -> Extent {
        let length = range.upperBound - range.lowerBound
        if length == self.length { return self }
        switch source {
        case .hole: return .hole(length)
        case .bytes(let bytes): return .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        case .file(let file): return .file(FileRange(file.file, offset: file.offset + range.lowerBound, length: length))
        }
    }

    /// This extent with the next one joined to it, when one extent can say both. Byte arrays are joined only while
    /// short, so that appending piece by piece stays linear.
    func merged(with next: Extent) -> Extent? {
        switch (source, next.source) {
        case (.hole, .hole): return .hole(length + next.length)
        case (.bytes(let a), .bytes(let b)) where a.count + b.count <= 4096: return .bytes(a + b)
        case (.file(let a), .file(let b)) where a.file === b.file && a.offset + a.length == b.offset:
            return .file(FileRange(a.file, offset: a.offset, length: a.length + b.length))
        default: return nil
        }
    }
}

/// A range of a file, in bytes.
public struct FileRange: Sendable {
    public let file: SourceFile
    public let offset: UInt64
    public let length: UInt64

    /// - Parameters:
    ///   - offset: where the range starts; within the file.
    ///   - length: up to the end of the file when nil.
    public init(_ file: SourceFile, offset: UInt64 = 0, length: UInt64? = nil) {
        precondition(
            offset <= file.size && (length ?? 0) <= file.size - offset, "a range beyond the end of '\(file.path)'")
        self.file = file
        self.offset = offset
        self.length = length ?? file.size - offset
    }
}

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
