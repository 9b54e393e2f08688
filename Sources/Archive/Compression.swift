public import Extents

/// How bytes are compressed. The name with level and library version is part of every cache key.
public enum Compression: Sendable, Hashable {
    case none
    /// RFC 1952, by ISA-L.
    case gzip
    /// RFC 8878, levels 1 to 19.
    case zstd(level: Int32)

    /// Describes the exact encoding, e.g. `zstd 1.5.4 level 3 job 2 MiB`: equal descriptions give equal bytes.
    public var description: String {
        switch self {
        case .none: "none"
        case .gzip: GzipEncoder.description
        case .zstd(let level): ZstdEncoder.description(level: level)
        }
    }

    /// Runs `produce` with a sink, writes what it gave, compressed, to `output`; one member, one frame. How the bytes
    /// are cut into calls does not matter for the result, nor does the number of processors.
    /// - Throws: what `produce` or `output` throws, `CompressionError`.
    public func compress<Output: ByteSink>(to output: inout Output, _ produce: (inout any ByteSink) throws -> Void)
        throws
    {
        try withUnsafeMutablePointer(to: &output) { output in
            let drain = { (bytes: UnsafeRawBufferPointer) in try output.pointee.write(bytes) }
            switch self {
            case .none: try Self.encode(PlainEncoder(), drain, produce)
            case .gzip: try Self.encode(try GzipEncoder(), drain, produce)
            case .zstd(let level): try Self.encode(try ZstdEncoder(level: level), drain, produce)
            }
        }
    }

    private static func encode(
        _ encoder: some Encoder, _ drain: (UnsafeRawBufferPointer) throws -> Void,
        _ produce: (inout any ByteSink) throws -> Void
    ) throws {
        try withoutActuallyEscaping(drain) { drain in
            let collector = Collector(encoder, drain)
            var sink: any ByteSink = EncodingSink(collector: collector)
            try produce(&sink)
            try collector.finish()
        }
    }

    /// Detects gzip, zstd or none from the first bytes and hands the plain bytes on; concatenated members are read to
    /// the end.
    /// - Parameter limit: an upper bound of plain bytes; more is an error (decompression bombs).
    /// - Throws: `CompressionError`, `FileError`, `ExtentError`, or what `consume` throws.
    public static func decompress(
        _ input: ExtentList, limit: UInt64 = .max, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let decompressor = Decompressor(limit: limit)
        try ExtentReader.read(input) { try decompressor.write($0, consume) }
        try decompressor.finish(consume)
    }
}

/// Compressed bytes that cannot be read, or more of them than allowed.
public enum CompressionError: Error, CustomStringConvertible, Sendable {
    /// The bytes break the rules of the format.
    case damaged(format: String, reason: String)
    /// The input ends within a member.
    case cutShort(format: String)
    /// There are more plain bytes than the limit.
    case tooLong(limit: UInt64)
    /// The library refused what it was asked for.
    case refused(format: String, reason: String)

    public var description: String {
        switch self {
        case .damaged(let format, let reason): "damaged \(format) data: \(reason)"
        case .cutShort(let format): "the \(format) data is truncated"
        case .tooLong(let limit): "more than \(limit) bytes when decompressed"
        case .refused(let format, let reason): "\(format): \(reason)"
        }
    }
}
