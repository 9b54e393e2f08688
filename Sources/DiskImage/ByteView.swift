internal import Extents

/// Integers of on-disk structures that were read: every access is checked, as the offsets may come from a damaged file.
struct ByteView: Sendable {
    let bytes: [UInt8]
    /// What the bytes are, for errors.
    let title: String

    init(_ bytes: [UInt8], _ title: String) {
        self.bytes = bytes
        self.title = title
    }

    /// Reads `count` bytes of a file.
    /// - Throws: `DiskImageError` when the file ends before that; `FileError`, `ExtentError.changed`.
    init(_ file: ExtentList, at offset: UInt64, count: Int, _ title: String) throws {
        guard offset <= file.length, UInt64(count) <= file.length - offset else {
            throw DiskImageError("\(title): \(count) bytes at byte \(offset), but the file ends at \(file.length)")
        }
        self.init(try file.bytes(at: offset, count: count), title)
    }

    var count: Int { bytes.count }

    func u8(_ offset: Int) throws -> UInt8 { try integer(offset) }
    func u16le(_ offset: Int) throws -> UInt16 { try UInt16(littleEndian: integer(offset)) }
    func u32le(_ offset: Int) throws -> UInt32 { try UInt32(littleEndian: integer(offset)) }
    func u64le(_ offset: Int) throws -> UInt64 { try UInt64(littleEndian: integer(offset)) }

    func u16be(_ offset: Int) throws -> UInt16 { try UInt16(bigEndian: integer(offset)) }
    func u32be(_ offset: Int) throws -> UInt32 { try UInt32(bigEndian: integer(offset)) }
    func u64be(_ offset: Int) throws -> UInt64 { try UInt64(bigEndian: integer(offset)) }

    /// Text up to the first NUL; invalid UTF-8 becomes replacement characters.
    func text(_ offset: Int, _ count: Int) throws -> String {
        String(decoding: try slice(offset, count).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The bytes of a range.
    func slice(_ offset: Int, _ count: Int) throws -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw DiskImageError("\(title): \(count) bytes at \(offset) are beyond the end at \(bytes.count)")
        }
        return Array(bytes[offset..<offset + count])
    }

    private func integer<Value: FixedWidthInteger>(_ offset: Int) throws -> Value {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, offset <= bytes.count - size else {
            throw DiskImageError("\(title): \(size) bytes at \(offset) are beyond the end at \(bytes.count)")
        }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }
}
