internal import Archive
public import Extents

/// The archive that Google Compute Engine imports a disk from, before it is compressed with gzip: one sparse file
/// `disk.raw` in the old GNU tar format (GNU tar manual, "Storing Sparse Files", old GNU format). Numbers are octal
/// digits with a NUL, or binary with the top bit set.
///
/// ```
///   0 name 100     100 mode 8      108 uid 8       116 gid 8       124 stored length 12   136 modified 12
/// 148 checksum 8   156 "S"         257 "ustar  \0" 386 four times {offset 12, length 12}
/// 482 more follow u8               483 length 12
/// ```
/// When there are more than four ranges, blocks of 21 {offset 12, length 12} and at 504 u8 "more follow" come before
/// the contents.
public enum GCPArchive {
    static let name = "disk.raw"
    static let block: UInt64 = 512
    /// Ranges are made of these, so that small holes do not make them many.
    static let granule: UInt64 = 65536
    /// Compute Engine wants whole GiB.
    public static let sizeUnit: UInt64 = 1 << 30

    /// The archive of a disk; holes are not stored.
    /// - Parameters:
    ///   - disk: a multiple of 1 GiB.
    ///   - modified: seconds since 1970.
    /// - Throws: `DiskImageError` for another size.
    public static func encode(_ disk: ExtentList, modified: UInt64 = 0) throws -> ExtentList {
        guard disk.length > 0, disk.length % sizeUnit == 0 else {
            throw DiskImageError(
                "the disk has \(disk.length) bytes; Compute Engine requires a multiple of \(sizeUnit)",
                hint: "choose a size in whole GiB")
        }
        let ranges = disk.dataBlocks(of: granule).map { $0.lowerBound * granule..<$0.upperBound * granule }
        var map = ranges.map { SparseRange(offset: $0.lowerBound, length: $0.upperBound - $0.lowerBound) }
        // An empty range at the end represents a hole.
        if ranges.last?.upperBound != disk.length { map.append(SparseRange(offset: disk.length, length: 0)) }
        var file = ExtentList(bytes: header(disk.length, map, modified))
        for range in ranges { file.append(disk[range]) }
        file.pad(to: file.length + 2 * block)
        file.pad(toMultipleOf: 20 * block)
        return file
    }

    private static func header(_ size: UInt64, _ map: [SparseRange], _ modified: UInt64) -> [UInt8] {
        var header = ByteBuilder.tarHeader(
            type: UInt8(ascii: "S"), name: name.utf8, length: map.reduce(0) { $0 + $1.length }, modified: modified,
            magic: "ustar  "
        ) { header in
            header.ascii("root", padded: 32)
            header.ascii("root", padded: 32)
            header.pad(to: 386)
            header.add(map.prefix(4), of: 4)
            header.u8(map.count > 4 ? 1 : 0)
            header.tarNumber(size, 12)
        }
        for start in stride(from: 4, to: map.count, by: 21) {
            header.add(map[start..<min(start + 21, map.count)], of: 21)
            header.u8(start + 21 < map.count ? 1 : 0)
            header.pad(toMultipleOf: 512)
        }
        return header.bytes
    }
}

/// A range of a sparse file that is stored.
struct SparseRange {
    let offset: UInt64
    let length: UInt64
}

extension ByteBuilder {
    fileprivate mutating func add(_ ranges: ArraySlice<SparseRange>, of count: Int) {
        for range in ranges {
            tarNumber(range.offset, 12)
            tarNumber(range.length, 12)
        }
        fill(24 * (count - ranges.count))
    }
}

extension GCPArchive {
    /// The first block of an archive.
    struct Head {
        /// Bytes of contents that the archive holds.
        let stored: UInt64
        /// Of the disk, in bytes.
        let size: UInt64
        let isSparse: Bool
        /// Up to four ranges.
        let map: [SparseRange]
        /// Whether blocks with more of them follow.
        let hasMore: Bool

        /// - Throws: `DiskImageError` for anything but the file `disk.raw`.
        init(_ header: ByteView) throws {
            guard try header.slice(257, 5).elementsEqual("ustar".utf8) else {
                throw DiskImageError("not a tar archive: no 'ustar' at byte 257")
            }
            let found = try header.text(0, 100)
            guard found == name else { throw DiskImageError("the archive starts with '\(found)', expected '\(name)'") }
            isSparse = try header.u8(156) == UInt8(ascii: "S")
            stored = try number(header, 124)
            size = isSparse ? try number(header, 483) : stored
            guard max(stored, size) <= 1 << 46 else {
                throw DiskImageError("tar: a file of \(max(stored, size)) bytes")
            }
            map = isSparse ? try ranges(header, at: 386, 4) : []
            hasMore = try isSparse && header.u8(482) > 0
        }
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
