internal import CZlib
public import Extents
internal import Glibc

/// An image that cannot be made, or a file that is not what it should be.
public struct DiskImageError: HintedError, CustomStringConvertible, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// What `read` gives; nil for data that are invalid or missing.
/// - Throws: `FileError`: a file that cannot be read is not an invalid one.
func valueIfValid<Value>(_ read: () throws -> Value) throws -> Value? {
    do { return try read() } catch let error where error is DiskImageError || error is ExtentError { return nil }
}

/// Reads the blocks of a disk that are not zeros, in order, into one buffer.
final class BlockReader {
    private let cursor: ExtentCursor
    private let ranges: [Range<UInt64>]
    private let buffer: UnsafeMutableRawBufferPointer

    /// - Parameter unit: length of a block in bytes.
    init(_ disk: ExtentList, unit: Int) {
        cursor = ExtentCursor(disk)
        ranges = disk.dataBlocks(of: UInt64(unit))
        buffer = .allocate(byteCount: unit, alignment: 4096)
    }

    deinit { buffer.deallocate() }

    /// Calls `body` with the number and the bytes of every block that has a byte other than 0.
    func forEach(_ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws {
        for number in ranges.lazy.joined() {
            try cursor.fill(buffer, from: number * UInt64(buffer.count))
            let block = UnsafeRawBufferPointer(buffer)
            if !Self.isZero(block) { try body(number, block) }
        }
    }

    static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        return bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }
}

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

/// Ids that formats want to be unique, derived from the bytes of a disk: the same disk has the same ids.
enum ContentIdentity {
    /// The first 16 bytes of the SHA-256 of the length and of every block of 64 KiB that is not zeros, with its number.
    /// - Throws: `FileError`, `ExtentError`.
    static func bytes(of disk: ExtentList) throws -> [UInt8] {
        let hash = SHA256()
        var number = ByteBuilder()
        number.u64le(disk.length)
        number.bytes.withUnsafeBytes { hash.update($0) }
        try BlockReader(disk, unit: 65536).forEach { index, block in
            withUnsafeBytes(of: index.littleEndian) { hash.update($0) }
            hash.update(block)
        }
        return Array(hash.finalize().prefix(16))
    }
}

extension UInt64 {
    /// Divides and rounds up.
    func divided(by unit: UInt64) -> UInt64 { self / unit + (self % unit == 0 ? 0 : 1) }

    /// The next multiple of `unit`, or itself; the result must be within 64 bits.
    func rounded(to unit: UInt64) -> UInt64 { divided(by: unit) * unit }
}

extension ExtentList {
    /// Overwrites bytes; the range must be within the list.
    mutating func replace(at offset: UInt64, with bytes: [UInt8]) {
        var result = self[0..<offset]
        result.append(.bytes(bytes))
        result.append(self[offset + UInt64(bytes.count)..<length])
        self = result
    }
}
