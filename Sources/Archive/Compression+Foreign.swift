internal import CArchive

extension Compression {
    /// Hands on the plain bytes of one XZ, LZMA, bzip2 or LZ4 stream (LZ4's legacy frames too), which libarchive tells apart. What this
    /// package writes itself is quicker with ``decompress(_:limit:_:)``.
    /// - Throws: `CompressionError`, or what `consume` throws.
    public static func decompressForeign(_ bytes: ArraySlice<UInt8>, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        let handle = archive_read_new()
        defer { archive_read_free(handle) }
        for support in [
            archive_read_support_filter_xz, archive_read_support_filter_lzma, archive_read_support_filter_bzip2,
            archive_read_support_filter_lz4,
        ] { _ = support(handle) }
        archive_read_support_format_raw(handle)
        try bytes.withUnsafeBytes { input in
            var entry: OpaquePointer?
            guard archive_read_open_memory(handle, input.baseAddress, input.count) == ARCHIVE_OK,
                archive_read_next_header(handle, &entry) == ARCHIVE_OK, archive_filter_count(handle) > 1
            else { throw damage(handle) }
            try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
                while true {
                    let count = archive_read_data(handle, buffer.baseAddress, buffer.count)
                    guard count >= 0 else { throw damage(handle) }
                    if count == 0 { return }
                    try consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
        }
    }

    private static func damage(_ handle: OpaquePointer?) -> CompressionError {
        let reason = archive_error_string(handle).map { String(cString: $0) } ?? "it begins like none of XZ, LZMA, bzip2 and LZ4"
        return .damaged(format: archive_filter_name(handle, 0).map { String(cString: $0) } ?? "compressed", reason: reason)
    }
}
