internal import CArchive
public import Extents

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
