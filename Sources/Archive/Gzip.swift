internal import CISAL

/// RFC 1952 by ISA-L. The header has no name and no time.
final class GzipEncoder: Encoder {
    /// Level 3 is 2 % smaller, but its result differs between processors with AVX-512, with AVX2 and without. That of
    /// level 2 is the same on all that have SSE 4.2.
    private static let level: UInt32 = 2
    // ISAL_DEF_LVL2_DEFAULT, a macro that Swift does not see: 4 KiB, the hash table, and 64 Ki tokens of 4 bytes.
    private static let levelBufferLength = 4096 + 2 * 32768 + 4 * 64 * 1024
    private static let outputLength = 128 << 10

    private let stream = UnsafeMutablePointer<isal_zstream>.allocate(capacity: 1)
    private let level = UnsafeMutablePointer<UInt8>.allocate(capacity: levelBufferLength)
    private let output = UnsafeMutablePointer<UInt8>.allocate(capacity: outputLength)

    static var description: String {
        "gzip isa-l \(ISAL_MAJOR_VERSION).\(ISAL_MINOR_VERSION).\(ISAL_PATCH_VERSION) level \(level)"
    }

    init() throws {
        isal_deflate_init(stream)
        stream.pointee.level = Self.level
        stream.pointee.level_buf = level
        stream.pointee.level_buf_size = UInt32(Self.levelBufferLength)
        stream.pointee.gzip_flag = UInt16(IGZIP_GZIP)
    }

    deinit {
        stream.deallocate()
        level.deallocate()
        output.deallocate()
    }

    func encode(_ bytes: UnsafeRawBufferPointer, last: Bool, _ drain: (UnsafeRawBufferPointer) throws -> Void) throws {
        if bytes.isEmpty && !last { return }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.end_of_stream = last ? 1 : 0
        repeat {
            stream.pointee.next_out = output
            stream.pointee.avail_out = UInt32(Self.outputLength)
            let status = isal_deflate(stream)
            guard status == COMP_OK else {
                throw CompressionError.refused(format: "gzip", reason: "isa-l error \(status)")
            }
            let count = Self.outputLength - Int(stream.pointee.avail_out)
            if count > 0 { try drain(UnsafeRawBufferPointer(start: output, count: count)) }
        } while stream.pointee.avail_out == 0
    }
}
