internal import CZlib

/// Decompresses a block whose length is known.
enum BlockInflater {
    /// - Parameters:
    ///   - windowBits: as zlib has it: negative for bare deflate data, positive for a zlib stream.
    ///   - length: of the plain block in bytes; more than that is not produced.
    /// - Throws: `DiskImageError` for damaged data or too little of it. Bytes after the end of the compressed data are
    ///   ignored.
    static func inflate(_ bytes: [UInt8], windowBits: Int32, length: Int, _ name: String) throws -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw DiskImageError("cannot initialize zlib: error \(status)") }
        defer { inflateEnd(stream) }
        return try bytes.withUnsafeBufferPointer { input in
            try [UInt8](unsafeUninitializedCapacity: length) { output, count in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(length)
                CZlib.inflate(stream, Z_FINISH)
                count = length - Int(stream.pointee.avail_out)
                guard count == length else {
                    throw DiskImageError("\(name): damaged data: \(count) of \(length) bytes decompressed")
                }
            }
        }
    }
}

/// Compresses blocks one by one (RFC 1951), each a stream of its own.
final class BlockDeflater {
    /// Level 1: contents of a boot disk are compressed already; higher levels take three times as long for 1 %.
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
            stream, Self.level, Z_DEFLATED, windowBits, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw DiskImageError("cannot initialize zlib: error \(status)") }
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
