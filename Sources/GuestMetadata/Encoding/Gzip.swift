internal import CZlib

/// Gzip files (RFC 1952), decompressed in memory by zlib.
enum Gzip {
    static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// `bytes`, decompressed when they are a gzip file.
    /// - Parameter limit: of the decompressed bytes.
    static func expanded(
        _ bytes: [UInt8], of subject: String, limit: Int = Finding.longest
    ) throws(MetadataError) -> [UInt8] {
        guard isGzip(bytes) else { return bytes }
        var stream = z_stream()
        // 16 more: gzip's header and checksums, which zlib checks.
        guard inflateInit2_(&stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw MetadataError("\(subject): no memory to decompress it")
        }
        defer { inflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8]())
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let status = input.withUnsafeMutableBufferPointer { input in
            (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
            while true {
                let status = piece.withUnsafeMutableBufferPointer { piece in
                    (stream.next_out, stream.avail_out) = (piece.baseAddress, UInt32(piece.count))
                    return inflate(&stream, Z_NO_FLUSH)
                }
                output += piece.dropLast(Int(stream.avail_out))
                if status != Z_OK || output.count > limit { return status }
            }
        }
        guard output.count <= limit else { throw MetadataError("\(subject): decompresses to more than \(limit) bytes") }
        switch status {
        case Z_STREAM_END: return output
        case Z_BUF_ERROR: throw MetadataError("\(subject): compressed data end early")
        default: throw MetadataError("\(subject): malformed compressed data")
        }
    }
}
