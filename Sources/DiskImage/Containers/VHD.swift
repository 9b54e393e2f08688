public import Extents

/// Microsoft's virtual hard disk, fixed and dynamic (Virtual Hard Disk Image Format Specification, version 1.0). All
/// numbers are big-endian. The footer is the last sector, a dynamic disk has a copy of it at the start.
public enum VHD {
    static let sector: UInt64 = 512
    /// Of a dynamic disk, in bytes.
    static let block: UInt64 = 2 << 20
    /// The greatest disk of the specification.
    static let limit: UInt64 = 2040 << 30

    /// Footer:
    /// ```
    ///   0 "conectix"        8 features 2        12 version 1.0         16 header u64 (all ones when fixed)
    ///  24 seconds since 2000                    28 creator "qem2"      32 its version
    ///  36 its system "Wi2k" 40 original size u64                       48 size u64
    ///  56 cylinders u16     58 heads u8         59 sectors u8          60 kind (2 fixed, 3 dynamic)
    ///  64 checksum          68 id 16            84 saved state u8      85 zeros up to 512
    /// ```
    /// The creator "qem2" makes QEMU and Hyper-V use the size in bytes, not that of cylinders, heads and
    /// sectors.
    static func footer(size: UInt64, kind: Kind, id: [UInt8]) -> [UInt8] {
        let geometry = Geometry(sectors: size / sector)
        var footer = ByteBuilder(reserving: 512)
        footer.ascii("conectix", padded: 8)
        footer.u32be(2)
        footer.u32be(0x10000)
        footer.u64be(kind == .fixed ? .max : 512)
        footer.u32be(0)
        footer.ascii("qem2", padded: 4)
        footer.u32be(0x50003)
        footer.ascii("Wi2k", padded: 4)
        footer.u64be(size)
        footer.u64be(size)
        footer.u16be(geometry.cylinders)
        footer.u8(geometry.heads)
        footer.u8(geometry.sectors)
        footer.u32be(kind.rawValue)
        footer.u32be(0)
        footer.append(id)
        footer.pad(to: 512)
        return checked(footer, at: 64)
    }

    /// Header of a dynamic disk:
    /// ```
    ///   0 "cxsparse"         8 all ones u64     16 table u64           24 version 1.0         28 table entries u32
    ///  32 block length u32  36 checksum         40 parent, zeros up to 1024
    /// ```
    static func header(blocks: UInt64, tableAt table: UInt64) -> [UInt8] {
        var header = ByteBuilder(reserving: 1024)
        header.ascii("cxsparse", padded: 8)
        header.u64be(.max)
        header.u64be(table)
        header.u32be(0x10000)
        header.u32be(UInt32(blocks))
        header.u32be(UInt32(block))
        header.u32be(0)
        header.pad(to: 1024)
        return checked(header, at: 36)
    }

    /// The complement of the sum of all bytes, with zeros in its place.
    static func checksum(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        ~bytes.enumerated().reduce(UInt32(0)) {
            (offset..<offset + 4).contains($1.offset) ? $0 : $0 &+ UInt32($1.element)
        }
    }

    private static func checked(_ structure: ByteBuilder, at offset: Int) -> [UInt8] {
        var (result, sum) = (structure, ByteBuilder())
        sum.u32be(checksum(structure.bytes, at: offset))
        result.replace(at: offset, with: sum)
        return result.bytes
    }
}

extension VHD {
    /// How the blocks of a disk are stored.
    public enum Kind: UInt32, Sendable {
        case fixed = 2
        case dynamic = 3
    }

    /// Cylinders, heads and sectors of a track, by the specification's appendix "CHS Calculation".
    struct Geometry: Equatable {
        let cylinders: UInt16
        let heads: UInt8
        let sectors: UInt8

        init(sectors count: UInt64) {
            let total = min(count, 65535 * 16 * 255)
            var (track, heads): (UInt64, UInt64)
            if total >= 65535 * 16 * 63 {
                (track, heads) = (255, 16)
            } else {
                track = 17
                heads = max(4, (total / track + 1023) / 1024)
                if total / track >= heads * 1024 || heads > 16 { (track, heads) = (31, 16) }
                if total / track >= heads * 1024 { (track, heads) = (63, 16) }
            }
            cylinders = UInt16(total / track / heads)
            self.heads = UInt8(heads)
            self.sectors = UInt8(track)
        }
    }
}

extension VHD {
    /// A disk as a fixed VHD: its bytes, then the footer.
    /// - Parameter disk: padded with zeros to 512 bytes.
    /// - Throws: `DiskImageError` for a disk above 2040 GiB; `FileError`, `ExtentError`.
    public static func fixed(_ disk: ExtentList) throws -> ExtentList {
        var file = try sized(disk)
        file.append(.bytes(footer(size: file.length, kind: .fixed, id: try ContentIdentity.bytes(of: disk))))
        return file
    }

    /// A disk as a dynamic VHD: copy of the footer, header, block table, blocks, footer. A block is a bitmap of its
    /// sectors and its 2 MiB of data; blocks that are holes are not stored. The table has the sector of each block, all
    /// ones for one that is not stored.
    /// - Parameter disk: padded with zeros to 512 bytes.
    /// - Throws: as ``fixed(_:)``.
    public static func dynamic(_ disk: ExtentList) throws -> ExtentList {
        let disk = try sized(disk)
        let runs = disk.dataBlocks(of: block)
        let count = disk.length.divided(by: block)
        let footer = footer(size: disk.length, kind: .dynamic, id: try ContentIdentity.bytes(of: disk))
        let table: UInt64 = 1536
        let data = (table + count * 4).rounded(to: sector)

        var file = ExtentList(bytes: footer + header(blocks: count, tableAt: table))
        file.append(.bytes(blockTable(runs, count: count, firstSector: data / sector)))
        let bitmap = [UInt8](repeating: 0xff, count: 512)
        for number in runs.lazy.joined() {
            file.append(.bytes(bitmap))
            file.append(disk.blocks(number..<number + 1, of: block))
        }
        file.append(.bytes(footer))
        return file
    }

    private static func blockTable(_ runs: [Range<UInt64>], count: UInt64, firstSector: UInt64) -> [UInt8] {
        var table = ByteBuilder(reserving: Int(count) * 4)
        var next = firstSector
        for number in runs.lazy.joined() {
            table.pad(to: Int(number) * 4, with: 0xff)
            table.u32be(UInt32(next))
            next += 1 + block / sector
        }
        table.pad(to: Int(count) * 4, with: 0xff)
        table.pad(toMultipleOf: Int(sector), with: 0xff)
        return table.bytes
    }

    private static func sized(_ disk: ExtentList) throws -> ExtentList {
        guard disk.length <= limit else {
            throw DiskImageError(
                "a disk of \(disk.length) bytes, a VHD has at most \(limit) bytes", hint: "choose a smaller size")
        }
        var disk = disk
        disk.pad(toMultipleOf: sector)
        return disk
    }
}
