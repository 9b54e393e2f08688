internal import CISAL
internal import CZlib
internal import Dispatch
public import Extents
internal import Synchronization

/// One gzip member (RFC 1952), by ISA-L; its checksum and length are verified.
final class GzipDecoder: MemberDecoder {
    /// ID1, ID2 and the only compression method there is.
    static let magic: [UInt8] = [0x1f, 0x8b, 8]
    private static let outputLength = 256 << 10

    let format = "gzip"
    private(set) var isMidway = true
    private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    private let output = UnsafeMutablePointer<UInt8>.allocate(capacity: outputLength)

    init() throws {
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    deinit {
        state.deallocate()
        output.deallocate()
    }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (taken: Int, ended: Bool) {
        state.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        state.pointee.avail_in = UInt32(bytes.count)
        repeat {
            state.pointee.next_out = output
            state.pointee.avail_out = UInt32(Self.outputLength)
            let status = isal_inflate(state)
            let count = Self.outputLength - Int(state.pointee.avail_out)
            if count > 0 { try consume(UnsafeRawBufferPointer(start: output, count: count)) }
            guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT else {
                throw CompressionError.damaged(format: format, reason: Self.reason(status))
            }
            if state.pointee.block_state == ISAL_BLOCK_FINISH {
                isMidway = false
                break
            }
        } while state.pointee.avail_out == 0 || state.pointee.avail_in > 0
        return (bytes.count - Int(state.pointee.avail_in), !isMidway)
    }

    private static func reason(_ status: Int32) -> String {
        switch status {
        case ISAL_INVALID_BLOCK: "unknown block type"
        case ISAL_INVALID_SYMBOL: "unknown symbol"
        case ISAL_INVALID_LOOKBACK: "a distance beyond the start"
        case ISAL_INVALID_WRAPPER: "the header is not valid"
        case ISAL_UNSUPPORTED_METHOD: "unknown compression method"
        case ISAL_INCORRECT_CHECKSUM: "the checksum is wrong"
        default: "isa-l error \(status)"
        }
    }
}

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

/// RFC 1952 by zlib, for disks whose contents are mostly compressed already: one member out of pieces of 1 MiB,
/// deflated in parallel.
///
/// A piece that does not shrink is stored, which costs no time; the others are deflated at level 1, which finds more in
/// a kernel than ISA-L does. How many threads work does not matter for the result.
public enum GzipPieces {
    private static let length: UInt64 = 1 << 20
    /// Pieces in memory at a time: more than processors, as some take longer than others.
    private static let together = 6
    /// Bytes at a piece's start that tell whether the rest will shrink, and to what share they must.
    private static let sample = 64 << 10
    private static let worthwhile = 0.985

    /// - Throws: `CompressionError`, `FileError`, `ExtentError`, or what `write` throws.
    public static func compress(_ list: ExtentList, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        // Method 8 (deflate), no flags, no time, unknown system.
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        try header.withUnsafeBytes(write)
        var checksum = crc32(0, nil, 0)
        var position: UInt64 = 0
        repeat {
            var pieces: [(bytes: [UInt8], isLast: Bool)] = []
            repeat {
                let end = min(position + length, list.length)
                pieces.append((try ExtentReader.bytes(of: list[position..<end]), end == list.length))
                position = end
            } while pieces.count < together && position < list.length
            for (piece, deflated) in zip(pieces, try deflate(pieces)) {
                checksum = crc32_combine(checksum, deflated.checksum, piece.bytes.count)
                try deflated.bytes.withUnsafeBytes(write)
            }
        } while position < list.length
        var trailer = ByteBuilder()
        trailer.u32le(UInt32(truncatingIfNeeded: checksum))
        trailer.u32le(UInt32(truncatingIfNeeded: list.length))
        try trailer.bytes.withUnsafeBytes(write)
    }

    private typealias Deflated = (bytes: [UInt8], checksum: UInt)

    private static func deflate(_ pieces: [(bytes: [UInt8], isLast: Bool)]) throws -> [Deflated] {
        let results = Mutex([Result<Deflated, any Error>?](repeating: nil, count: pieces.count))
        DispatchQueue.concurrentPerform(iterations: pieces.count) { index in
            let (bytes, isLast) = pieces[index]
            let result = Result<Deflated, any Error> {
                let checksum = bytes.withUnsafeBytes {
                    crc32(0, $0.assumingMemoryBound(to: UInt8.self).baseAddress, UInt32($0.count))
                }
                return (try deflate(bytes, isLast: isLast), checksum)
            }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { try $0.compactMap { try $0?.get() } }
    }

    /// Bare deflate data that ends at a byte, so that the next piece's can follow.
    private static func deflate(_ bytes: [UInt8], isLast: Bool) throws -> [UInt8] {
        let start = Array(bytes.prefix(sample))
        let shrinks = try Double(deflate(start, level: 1, isLast: true).count) < Double(start.count) * worthwhile
        return try deflate(bytes, level: shrinks ? 1 : 0, isLast: isLast)
    }

    private static func deflate(_ bytes: [UInt8], level: Int32, isLast: Bool) throws -> [UInt8] {
        var stream = z_stream()
        let status = deflateInit2_(
            &stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw CompressionError.refused(format: "gzip", reason: "zlib error \(status)") }
        defer { deflateEnd(&stream) }
        // The flush between pieces takes a few bytes more than the bound says.
        let room = Int(deflateBound(&stream, UInt(bytes.count))) + 64
        return try bytes.withUnsafeBytes { input in
            try [UInt8](unsafeUninitializedCapacity: room) { output, count in
                stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(room)
                let status = CZlib.deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
                guard status == (isLast ? Z_STREAM_END : Z_OK), stream.avail_in == 0 else {
                    throw CompressionError.refused(format: "gzip", reason: "zlib error \(status)")
                }
                count = room - Int(stream.avail_out)
            }
        }
    }
}
