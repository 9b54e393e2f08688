internal import Extents

extension ISO9660.Layout {
    /// A directory's records, then their continuations.
    func bytes(of directory: ISO9660.Directory) -> [UInt8] {
        let place = place(of: directory)
        var builder = ByteBuilder(reserving: Int(place.sectors * ISO9660.sector))
        var area = ByteBuilder()
        let areaStart = place.sector * ISO9660.sector + place.length
        for record in place.records {
            // Where each continuation goes is known before the first of them is written.
            var positions: [Int] = []
            var end = area.count
            for length in record.continuationLengths {
                positions.append(Self.offset(length, after: end))
                end = positions[positions.count - 1] + length
            }
            func position(_ index: Int) -> UInt64? { index < positions.count ? areaStart + UInt64(positions[index]) : nil }
            builder.pad(to: Self.offset(record.length, after: builder.count))
            let (sector, length) = location(of: record.target)
            builder.append(record.bytes(sector: sector, length: length, continuation: position(0)))
            for index in positions.indices {
                area.pad(to: positions[index])
                area.append(record.group(index + 1, next: position(index + 1)))
            }
        }
        builder.pad(to: Int(place.length))
        builder.append(area.bytes)
        builder.pad(to: Int(place.sectors * ISO9660.sector))
        return builder.bytes
    }

    private func location(of target: ISO9660.Record.Target) -> (sector: UInt32, length: UInt32) {
        switch target {
        case .nothing: return (0, 0)
        case .directory(let directory):
            let place = place(of: directory)
            return (UInt32(place.sector), UInt32(place.length))
        case .file(let index, let extent):
            let extent = files[index].extents[extent]
            return (UInt32(extent.sector), UInt32(extent.length))
        }
    }

    /// The path table (ECMA-119, 9.4): length of the name u8, 0 u8, sector u32, number of the parent u16, name, padded to even.
    func pathTable(bigEndian: Bool) -> [UInt8] {
        var builder = ByteBuilder(reserving: Int(pathTableLength))
        for directory in tree.directories {
            let name = directory.parent == nil ? [0] : directory.shortName
            let sector = UInt32(place(of: directory).sector)
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
