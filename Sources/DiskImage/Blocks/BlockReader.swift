internal import Extents
internal import Glibc

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
