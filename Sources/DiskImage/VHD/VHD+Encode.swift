public import Extents

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
