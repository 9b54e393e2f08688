internal import Extents

extension ISO9660.Layout {
    /// The primary volume descriptor (ECMA-119, 8.4).
    /// ```
    ///   0 1, "CD001", 1      8 system 32          40 volume 32         80 sectors           120 volumes 1, 124 number 1, 128 sector
    /// 132 path table length 140 L table, optional, M table, optional  156 the root's record 190 texts, spaces
    /// 813 dates of 17: made, changed, expires, effective              881 1                 883 zeros up to 2048
    /// ```
    func primaryDescriptor(volumeID: String, time: Int64) -> [UInt8] {
        var builder = ByteBuilder(reserving: Int(ISO9660.sector))
        builder.append([1] + "CD001".utf8 + [1, 0])
        builder.ascii("LINUX", padded: 32, with: 0x20)
        builder.ascii(volumeID, padded: 32, with: 0x20)
        builder.fill(8)
        builder.u32both(UInt32(sectors))
        builder.fill(32)
        for number in [1, 1, UInt16(ISO9660.sector)] as [UInt16] { builder.u16both(number) }
        builder.u32both(UInt32(pathTableLength))
        let table = ISO9660.firstDescriptor + (boot.isBootable ? 3 : 2)
        builder.u32le(UInt32(table))
        builder.u32le(0)
        builder.u32be(UInt32(table + pathTableLength.divided(by: ISO9660.sector)))
        builder.u32be(0)
        let root = place(of: tree.directories[0])
        let record = ISO9660.Record([0], .nothing, flags: 2, modified: tree.directories[0].entry.modified, fields: [])
        builder.append(record.bytes(sector: UInt32(root.sector), length: UInt32(root.length), continuation: nil))
        // Volume set, publisher, preparer, application, then three names of files.
        builder.pad(to: 813, with: 0x20)
        for _ in 0..<2 { builder.append(ISO9660.longDate(time)) }
        for _ in 0..<2 { builder.append([UInt8](repeating: UInt8(ascii: "0"), count: 16) + [0]) }
        builder.u8(1)
        builder.pad(to: Int(ISO9660.sector))
        return builder.bytes
    }

    /// The boot record (El Torito, figure 7): the sector of the boot catalog at 71.
    var bootRecord: [UInt8] {
        var builder = ByteBuilder(reserving: Int(ISO9660.sector))
        builder.append([0] + "CD001".utf8 + [1])
        builder.ascii("EL TORITO SPECIFICATION", padded: 64)
        builder.u32le(UInt32(catalogSector))
        builder.pad(to: Int(ISO9660.sector))
        return builder.bytes
    }

    func bootCatalog() throws -> [UInt8] {
        var entries: [ElTorito.Entry] = []
        if let loader = try loader() { entries.append(ElTorito.Entry(platform: .bios, sector: UInt32(loader.sector), sectors: 4)) }
        if let efi = boot.efi {
            // 0: up to the end of the volume.
            let count = UInt16(exactly: efi.length.divided(by: 512)) ?? 0
            entries.append(ElTorito.Entry(platform: .efi, sector: UInt32(efiSector), sectors: count))
        }
        return ElTorito.catalog(entries)
    }

    /// The file that BIOS loads; nil when it loads none.
    func loader() throws -> File? {
        guard let bios = boot.bios else { return nil }
        guard let index = fileIndices.index(of: Array(bios.loader.utf8)) else {
            throw DiskImageError("no '\(bios.loader)' among the files, which BIOS is to load")
        }
        return files[index]
    }

    /// What a disk starts with that the image was copied to: the loader's sector, in units of 512 bytes, after the code; partitions for the
    /// CD's file system (type 0x17, hidden) and for UEFI (0xEF).
    func systemArea() throws -> [UInt8] {
        guard boot.isBootable else { return [] }
        let scale = UInt32(ISO9660.sector / 512)
        var code: [UInt8] = []
        var entries: [MBR.Entry] = []
        if let bios = boot.bios, let loader = try loader() {
            guard bios.diskCode.count == ElTorito.diskCodeLength else {
                throw DiskImageError("the boot code for disks has \(bios.diskCode.count) bytes, expected \(ElTorito.diskCodeLength)")
            }
            var builder = ByteBuilder()
            builder.append(bios.diskCode)
            builder.u32le(UInt32(loader.sector) * scale)
            builder.u32le(0)
            code = builder.bytes
            let end = UInt32(boot.efi == nil ? sectors : efiSector)
            entries.append(MBR.Entry(isActive: true, type: 0x17, start: 0, sectors: end * scale))
        }
        if let efi = boot.efi {
            entries.append(MBR.Entry(type: 0xef, start: UInt32(efiSector) * scale, sectors: UInt32(efi.length.divided(by: 512))))
        }
        let signature = GUID(identity: boot.identity, purpose: "ISO").bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        return try MBR.sector(bootCode: code, signature: signature, entries: entries)
    }
}

extension ISO9660 {
    /// The last descriptor (ECMA-119, 8.3).
    static let terminator: [UInt8] = [255] + "CD001".utf8 + [1] + [UInt8](repeating: 0, count: 2041)

    /// Sixteen digits and an offset from UTC (ECMA-119, 8.4.26.1).
    static func longDate(_ seconds: Int64) -> [UInt8] {
        // From year 1 to year 9999.
        let time = CivilTime(seconds: min(max(seconds, -62_135_596_800), 253_402_300_799))
        let fields = [(time.year, 4), (time.month, 2), (time.day, 2), (time.hour, 2), (time.minute, 2), (time.second, 2), (0, 2)]
        return fields.flatMap { value, width in
            let digits = Array(String(value).utf8)
            return [UInt8](repeating: UInt8(ascii: "0"), count: width - digits.count) + digits
        } + [0]
    }
}
