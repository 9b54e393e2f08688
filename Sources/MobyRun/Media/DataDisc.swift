/// An ISO 9660 image (ECMA-119, interchange level 1) with one file, `config`: how user data reaches a guest.
///
///     sector  0…15  system area, zero
///            16     primary volume descriptor (8.4)
///            17     volume descriptor set terminator (8.3)
///            18     path table, little-endian (9.4)
///            19     path table, big-endian
///            20     root directory: itself, its parent, the file (9.1)
///            21…    the file
///
/// Rock Ridge gives the file its name in lower case and a mode. All dates are zero: equal data, equal bytes.
enum DataDisc {
    static let sector = 2048
    private static let rootSector = 20
    private static let fileSector = 21

    /// The image; its length is a multiple of 2048 bytes.
    static func image(config: [UInt8]) -> [UInt8] {
        let fileSectors = (config.count + sector - 1) / sector
        // Some drivers refuse discs below 64 KiB.
        let sectors = max(fileSector + fileSectors, 32)
        var image = [UInt8](repeating: 0, count: sectors * sector)
        place(volumeDescriptor(sectors: sectors), at: 16, in: &image)
        place([255] + Array("CD001".utf8) + [1], at: 17, in: &image)
        place(pathTable { little32($0) + [1, 0] }, at: 18, in: &image)
        place(pathTable { Array(little32($0).reversed()) + [0, 1] }, at: 19, in: &image)
        place(rootDirectory(fileSize: config.count), at: rootSector, in: &image)
        place(config, at: fileSector, in: &image)
        return image
    }

    private static func place(_ bytes: [UInt8], at number: Int, in image: inout [UInt8]) {
        image.replaceSubrange(number * sector..<number * sector + bytes.count, with: bytes)
    }

    private static func volumeDescriptor(sectors: Int) -> [UInt8] {
        var bytes: [UInt8] = [1] + Array("CD001".utf8) + [1, 0]
        bytes += text("", 32) + text("CONFIG", 32)
        bytes += zeros(8) + both32(sectors) + zeros(32)
        bytes += both16(1) + both16(1) + both16(sector)
        bytes += both32(10)  // length of a path table
        bytes += little32(18) + zeros(4) + Array(little32(19).reversed()) + zeros(4)
        bytes += record(name: [0], sector: rootSector, size: sector, directory: true)
        bytes += text("", 128 * 4) + text("", 37 * 3)
        for _ in 0..<4 { bytes += Array("0000000000000000".utf8) + [0] }
        return bytes + [1]
    }

    /// One entry: the root (9.4).
    private static func pathTable(_ location: (Int) -> [UInt8]) -> [UInt8] { [1, 0] + location(rootSector) + [0, 0] }

    private static func rootDirectory(fileSize: Int) -> [UInt8] {
        // SP on the root's own record says that fields of Rock Ridge follow (SUSP 5.3).
        let mark = Array("SP".utf8) + [7, 1, 0xBE, 0xEF, 0]
        let name = Array("NM".utf8) + [11, 1, 0] + Array("config".utf8)
        let folder = attributes(mode: 0o40555, links: 2)
        return record(name: [0], sector: rootSector, size: sector, directory: true, use: mark + folder)
            + record(name: [1], sector: rootSector, size: sector, directory: true, use: folder)
            + record(
                name: Array("CONFIG.;1".utf8), sector: fileSector, size: fileSize, directory: false,
                use: attributes(mode: 0o100444, links: 1) + name)
    }

    /// Rock Ridge's PX: mode, links, owner and group root (RRIP 4.1.1).
    private static func attributes(mode: Int, links: Int) -> [UInt8] {
        Array("PX".utf8) + [36, 1] + both32(mode) + both32(links) + both32(0) + both32(0)
    }

    /// A directory record (9.1).
    private static func record(name: [UInt8], sector: Int, size: Int, directory: Bool, use: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = [0, 0] + both32(sector) + both32(size) + zeros(7)
        bytes += [directory ? 2 : 0, 0, 0] + both16(1) + [UInt8(name.count)] + name
        if bytes.count % 2 == 1 { bytes.append(0) }
        bytes += use
        if bytes.count % 2 == 1 { bytes.append(0) }
        bytes[0] = UInt8(bytes.count)
        return bytes
    }

    private static func text(_ value: String, _ length: Int) -> [UInt8] {
        Array(value.utf8) + [UInt8](repeating: 0x20, count: length - value.utf8.count)
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static func little32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func both32(_ value: Int) -> [UInt8] { little32(value) + little32(value).reversed() }

    private static func both16(_ value: Int) -> [UInt8] {
        let low = UInt8(truncatingIfNeeded: value)
        let high = UInt8(truncatingIfNeeded: value >> 8)
        return [low, high, high, low]
    }
}
