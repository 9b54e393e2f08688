internal import Extents

extension ISO9660 {
    /// The location of everything, in sectors.
    struct Layout {
        /// Data of a file.
        struct File {
            /// The bytes to store; empty when the data are in the EFI boot image.
            let content: ExtentList
            let sector: UInt64
            /// In bytes.
            let length: UInt64

            /// First sector and length in bytes of each extent.
            var extents: [(sector: UInt64, length: UInt64)] {
                stride(from: 0, to: max(length, 1), by: Int(extentLimit)).map { start in
                    (sector + start / ISO9660.sector, min(extentLimit, length - start))
                }
            }
        }

        /// A directory's records, and where they and their continuations go.
        struct Placement {
            let records: [Record]
            let sector: UInt64
            /// Of the records, in whole sectors.
            let length: UInt64
            /// Of records and continuations, in whole sectors.
            let sectors: UInt64
        }

        let tree: Tree
        let boot: Boot
        let files: [File]
        let pathTableLength: UInt64
        let catalogSector: UInt64
        let efiSector: UInt64
        let sectors: UInt64
        private(set) var placements: [ObjectIdentifier: Placement] = [:]
        let fileIndices: FileIndices

        init(_ tree: Tree, _ boot: Boot) throws {
            (self.tree, self.boot) = (tree, boot)
            let indices = FileIndices(tree)
            var next = firstDescriptor + (boot.isBootable ? 3 : 2)
            pathTableLength = UInt64(tree.directories.reduce(0) { $0 + Self.pathTableEntryLength($1) })
            next += 2 * pathTableLength.divided(by: sector)
            for directory in tree.directories {
                let placement = Self.placement(directory, at: next, tree: tree, indices: indices)
                placements[ObjectIdentifier(directory)] = placement
                next += placement.sectors
            }
            catalogSector = next
            if boot.isBootable { next += 1 }
            let stored = indices.entries.reduce(next) { end, entry in end + entry.storedLength.divided(by: sector) }
            let unit = diskAlignment / sector
            let efiStart = stored.rounded(to: unit)
            efiSector = efiStart
            files = try indices.entries.map { entry in
                let file = try Self.file(entry, at: next, efi: boot.efi, efiSector: efiStart)
                next += file.content.length.divided(by: sector)
                return file
            }
            let end = boot.efi.map { efiStart + $0.length.divided(by: sector) } ?? stored
            let total = boot.isBootable ? end.rounded(to: unit) : end
            sectors = total
            fileIndices = indices
            guard total <= UInt64(UInt32.max) else {
                throw DiskImageError("a CD image of \(total) sectors; the limit is 2^32 - 1")
            }
        }

        private static func file(_ entry: Entry, at next: UInt64, efi: ExtentList?, efiSector: UInt64) throws -> File {
            switch entry.kind {
            case .file(let content): return File(content: content, sector: next, length: content.length)
            case .shared(let range):
                guard let efi, range.upperBound <= efi.length, range.lowerBound % sector == 0 else {
                    let path = String(decoding: entry.path, as: UTF8.self)
                    throw DiskImageError("'\(path)': bytes \(range) are not sectors of the EFI boot image")
                }
                return File(
                    content: ExtentList(), sector: efiSector + range.lowerBound / sector,
                    length: range.upperBound - range.lowerBound)
            default: preconditionFailure("only files have data")
            }
        }

        private static func placement(_ directory: Directory, at start: UInt64, tree: Tree, indices: FileIndices)
            -> Placement
        {
            let records = RecordMaker(tree: tree, indices: indices).records(of: directory)
            var length = 0
            for record in records { length = Self.offset(record.length, after: length) + record.length }
            let rounded = UInt64(length).rounded(to: sector)
            var continuations = 0
            for part in records.flatMap(\.continuationLengths) {
                continuations = Self.offset(part, after: continuations) + part
            }
            return Placement(
                records: records, sector: start, length: rounded,
                sectors: rounded / sector + UInt64(continuations).divided(by: sector))
        }

        /// Where something of a length goes that must not cross the border of a sector.
        static func offset(_ length: Int, after end: Int) -> Int {
            let left = Int(sector) - end % Int(sector)
            return length <= left ? end : end + left
        }

        func placement(of directory: Directory) -> Placement {
            guard let placement = placements[ObjectIdentifier(directory)] else {
                preconditionFailure("a directory without a placement")
            }
            return placement
        }
    }
}

extension ISO9660.Entry {
    fileprivate var storedLength: UInt64 {
        if case .file(let content) = kind { return content.length }
        return 0
    }
}

extension ISO9660.Layout {
    /// A directory's records, then their continuations.
    func bytes(of directory: ISO9660.Directory) -> [UInt8] {
        let placement = placement(of: directory)
        var builder = ByteBuilder(reserving: Int(placement.sectors * ISO9660.sector))
        var area = ByteBuilder()
        let areaStart = placement.sector * ISO9660.sector + placement.length
        for record in placement.records {
            // Where each continuation goes is known before the first of them is written.
            var positions: [Int] = []
            var end = area.count
            for length in record.continuationLengths {
                positions.append(Self.offset(length, after: end))
                end = positions[positions.count - 1] + length
            }
            func position(_ index: Int) -> UInt64? {
                index < positions.count ? areaStart + UInt64(positions[index]) : nil
            }
            builder.pad(to: Self.offset(record.length, after: builder.count))
            let (sector, length) = location(of: record.target)
            builder.append(record.bytes(sector: sector, length: length, continuation: position(0)))
            for index in positions.indices {
                area.pad(to: positions[index])
                area.append(record.group(index + 1, next: position(index + 1)))
            }
        }
        builder.pad(to: Int(placement.length))
        builder.append(area.bytes)
        builder.pad(to: Int(placement.sectors * ISO9660.sector))
        return builder.bytes
    }

    private func location(of target: ISO9660.Record.Target) -> (sector: UInt32, length: UInt32) {
        switch target {
        case .nothing: return (0, 0)
        case .directory(let directory):
            let placement = placement(of: directory)
            return (UInt32(placement.sector), UInt32(placement.length))
        case .file(let index, let extent):
            let extent = files[index].extents[extent]
            return (UInt32(extent.sector), UInt32(extent.length))
        }
    }

    /// The path table (ECMA-119, 9.4): length of the name u8, 0 u8, sector u32, number of the parent u16, name, padded
    /// to even.
    func pathTable(bigEndian: Bool) -> [UInt8] {
        var builder = ByteBuilder(reserving: Int(pathTableLength))
        for directory in tree.directories {
            let name = directory.parent == nil ? [0] : directory.shortName
            let sector = UInt32(placement(of: directory).sector)
            let parent = UInt16(directory.parent?.number ?? 1)
            builder.u8(UInt8(name.count))
            builder.u8(0)
            if bigEndian {
                builder.u32be(sector)
                builder.u16be(parent)
            } else {
                builder.u32le(sector)
                builder.u16le(parent)
            }
            builder.append(name)
            builder.pad(toMultipleOf: 2)
        }
        return builder.bytes
    }

    static func pathTableEntryLength(_ directory: ISO9660.Directory) -> Int {
        let name = directory.parent == nil ? 1 : directory.shortName.count
        return 8 + (name + 1) / 2 * 2
    }

    /// A file's data; the BIOS boot loader's with its boot information table.
    func content(of file: File) throws -> ExtentList {
        guard let loader = try loader(), file.sector == loader.sector else { return file.content }
        return try ElTorito.withInformationTable(file.content, sector: UInt32(file.sector))
    }
}

extension ISO9660.Layout {
    /// The primary volume descriptor (ECMA-119, 8.4).
    /// ```
    ///   0 1, "CD001", 1      8 system 32          40 volume 32         80 sectors           120 volumes 1
    /// 124 number 1         128 sector            132 path table length 140 L table, optional, M table, optional
    /// 156 the root's record                      190 texts, spaces
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
        let root = placement(of: tree.directories[0])
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
        if let loader = try loader() {
            entries.append(ElTorito.Entry(platform: .bios, sector: UInt32(loader.sector), sectors: 4))
        }
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
            throw DiskImageError("'\(bios.loader)', which the BIOS loads, is missing")
        }
        return files[index]
    }

    /// The start of a disk to which the image was copied: the loader's sector, in units of 512 bytes, after the
    /// code; partitions for the CD's file system (type 0x17, hidden) and for UEFI (0xEF).
    func systemArea() throws -> [UInt8] {
        guard boot.isBootable else { return [] }
        let scale = UInt32(ISO9660.sector / 512)
        var code: [UInt8] = []
        var entries: [MBR.Entry] = []
        if let bios = boot.bios, let loader = try loader() {
            guard bios.diskCode.count == ElTorito.diskCodeLength else {
                throw DiskImageError(
                    "the boot code for disks has \(bios.diskCode.count) bytes, expected \(ElTorito.diskCodeLength)")
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
            entries.append(
                MBR.Entry(type: 0xef, start: UInt32(efiSector) * scale, sectors: UInt32(efi.length.divided(by: 512))))
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
        let fields = [
            (time.year, 4), (time.month, 2), (time.day, 2), (time.hour, 2), (time.minute, 2), (time.second, 2), (0, 2),
        ]
        return fields.flatMap { value, width in
            let digits = Array(String(value).utf8)
            return [UInt8](repeating: UInt8(ascii: "0"), count: width - digits.count) + digits
        } + [0]
    }
}
