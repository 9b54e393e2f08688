internal import CZlib

/// Compresses blocks one by one (RFC 1951), each a stream of its own.
final class BlockDeflater {
    /// Level 1: what lies on a boot disk is compressed already; higher levels cost three times the time for 1 %.
    private static let level: Int32 = 1

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let output: UnsafeMutableRawBufferPointer

    /// - Parameters:
    ///   - windowBits: as zlib has it: negative for bare deflate data, positive for a zlib stream (RFC 1950).
    ///   - limit: more bytes than this are never given, e.g. the length of a block.
    init(windowBits: Int32, limit: Int) throws {
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: limit, alignment: 16)
        let status = deflateInit2_(
            stream, Self.level, Z_DEFLATED, windowBits, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw DiskImageError("zlib does not start: error \(status)") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    /// - Returns: the compressed bytes, valid until the next call; nil when they would be more than the limit.
    func deflate(_ block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        deflateReset(stream)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: block.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(block.count)
        stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        guard CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return UnsafeRawBufferPointer(rebasing: output[..<(output.count - Int(stream.pointee.avail_out))])
    }
}
