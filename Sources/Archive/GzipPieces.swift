internal import CZlib
internal import Dispatch
public import Extents
internal import Synchronization

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
