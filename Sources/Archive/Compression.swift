internal import CArchive
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

extension Compression {
    /// Hands on the plain bytes of one XZ, LZMA, bzip2 or LZ4 stream (LZ4's legacy frames too), which libarchive tells
    /// apart. Formats that moby writes are faster with ``decompress(_:limit:_:)``.
    /// - Throws: `CompressionError`, or what `consume` throws.
    public static func decompressForeign(_ bytes: ArraySlice<UInt8>, _ consume: (UnsafeRawBufferPointer) throws -> Void)
        throws
    {
        let handle = foreignReader()
        defer { archive_read_free(handle) }
        try bytes.withUnsafeBytes { input in
            guard archive_read_open_memory(handle, input.baseAddress, input.count) == ARCHIVE_OK else {
                throw damage(handle)
            }
            try readForeign(handle, consume)
        }
    }

    /// The same for bytes that need not be in memory.
    /// - Parameter limit: an upper bound of plain bytes; more is an error (decompression bombs).
    /// - Throws: `CompressionError`, `FileError`, `ExtentError`, or what `consume` throws.
    public static func decompressForeign(
        _ list: ExtentList, limit: UInt64, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let (handle, input) = (foreignReader(), TarInput(list))
        defer { archive_read_free(handle) }
        var left = limit
        do {
            try withExtendedLifetime(input) {
                let opened = archive_read_open2(
                    handle, Unmanaged.passUnretained(input).toOpaque(), nil, TarInput.read, TarInput.skip, nil)
                guard opened == ARCHIVE_OK else { throw damage(handle) }
                try readForeign(handle) { bytes in
                    guard UInt64(bytes.count) <= left else { throw CompressionError.tooLong(limit: limit) }
                    left -= UInt64(bytes.count)
                    try consume(bytes)
                }
            }
        } catch {
            throw input.failure ?? error
        }
    }

    private static func foreignReader() -> OpaquePointer? {
        let handle = archive_read_new()
        for support in [
            archive_read_support_filter_xz, archive_read_support_filter_lzma, archive_read_support_filter_bzip2,
            archive_read_support_filter_lz4,
        ] { _ = support(handle) }
        archive_read_support_format_raw(handle)
        return handle
    }

    private static func readForeign(_ handle: OpaquePointer?, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws
    {
        var entry: OpaquePointer?
        guard archive_read_next_header(handle, &entry) == ARCHIVE_OK, archive_filter_count(handle) > 1 else {
            throw damage(handle)
        }
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while true {
                let count = archive_read_data(handle, buffer.baseAddress, buffer.count)
                guard count >= 0 else { throw damage(handle) }
                if count == 0 { return }
                try consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private static func damage(_ handle: OpaquePointer?) -> CompressionError {
        let reason =
            archive_error_string(handle).map { String(cString: $0) } ?? "it begins like none of XZ, LZMA, bzip2 and LZ4"
        return .damaged(
            format: archive_filter_name(handle, 0).map { String(cString: $0) } ?? "compressed", reason: reason)
    }
}
