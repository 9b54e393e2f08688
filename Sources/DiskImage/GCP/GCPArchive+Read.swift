public import Extents

extension GCPArchive {
    /// The disk of an archive that was decompressed, as ranges of it. Plain members are read too.
    /// - Throws: `DiskImageError` for what is no such archive or a damaged one; `FileError`, `ExtentError`.
    public static func read(_ archive: ExtentList) throws -> ExtentList {
        let header = try ByteView(archive, at: 0, count: 512, "tar header")
        guard try header.slice(257, 5).elementsEqual("ustar".utf8) else {
            throw DiskImageError("no tar archive: no 'ustar' at byte 257")
        }
        guard try header.text(0, 100) == name else {
            throw DiskImageError("the archive starts with '\(try header.text(0, 100))', expected '\(name)'")
        }
        let stored = try number(header, 124)
        guard try header.u8(156) == UInt8(ascii: "S") else { return try part(archive, 512, stored) }
        let size = try number(header, 483)
        guard size <= 1 << 46 else { throw DiskImageError("tar: a file of \(size) bytes") }
        var map = try ranges(header, at: 386, 4)
        var position: UInt64 = 512
        var more = try header.u8(482) > 0
        while more {
            let block = try ByteView(archive, at: position, count: 512, "tar extension block")
            map += try ranges(block, at: 0, 21)
            more = try block.u8(504) > 0
            position += 512
        }
        return try assemble(archive, map, size: size, from: position)
    }

    private static func assemble(_ archive: ExtentList, _ map: [SparseRange], size: UInt64, from start: UInt64) throws
        -> ExtentList
    {
        var (disk, position) = (ExtentList(), start)
        for range in map {
            guard range.offset >= disk.length, range.offset <= size, range.length <= size - range.offset else {
                throw DiskImageError("tar: a range of \(range.length) bytes at \(range.offset) in a file of \(size)")
            }
            disk.pad(to: range.offset)
            disk.append(try part(archive, position, range.length))
            position += range.length.rounded(to: block)
        }
        disk.pad(to: size)
        return disk
    }

    private static func part(_ archive: ExtentList, _ start: UInt64, _ length: UInt64) throws -> ExtentList {
        guard start <= archive.length, length <= archive.length - start else {
            throw DiskImageError("tar: \(length) bytes at \(start), but the archive ends at \(archive.length)")
        }
        return archive[start..<start + length]
    }

    static func ranges(_ fields: ByteView, at offset: Int, _ count: Int) throws -> [SparseRange] {
        var result: [SparseRange] = []
        for index in 0..<count where try fields.u8(offset + index * 24) > 0 {
            result.append(
                SparseRange(
                    offset: try number(fields, offset + index * 24),
                    length: try number(fields, offset + index * 24 + 12)))
        }
        return result
    }

    /// A number in 12 bytes.
    static func number(_ fields: ByteView, _ offset: Int) throws -> UInt64 {
        if try fields.u8(offset) & 0x80 > 0 { return try fields.u64be(offset + 4) }
        let digits = try fields.slice(offset, 12).drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard let value = UInt64(String(decoding: digits, as: UTF8.self), radix: 8) else {
            throw DiskImageError("\(fields.title): no octal number at byte \(offset)")
        }
        return value
    }
}
