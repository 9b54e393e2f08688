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
