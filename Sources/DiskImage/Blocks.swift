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
