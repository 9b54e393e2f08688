internal import CZlib

/// Decompresses a block whose length is known.
enum BlockInflater {
    /// - Parameters:
    ///   - windowBits: as zlib has it: negative for bare deflate data, positive for a zlib stream.
    ///   - length: of the plain block in bytes; more than that is not produced.
    /// - Throws: `DiskImageError` for damaged data or too little of it. Bytes after the end of the compressed data are ignored.
    static func inflate(_ bytes: [UInt8], windowBits: Int32, length: Int, _ name: String) throws -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw DiskImageError("zlib does not start: error \(status)") }
        defer { inflateEnd(stream) }
        return try bytes.withUnsafeBufferPointer { input in
            try [UInt8](unsafeUninitializedCapacity: length) { output, count in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(length)
                CZlib.inflate(stream, Z_FINISH)
                count = length - Int(stream.pointee.avail_out)
                guard count == length else { throw DiskImageError("\(name): damaged data, \(count) of \(length) bytes come out of it") }
            }
        }
    }
}
