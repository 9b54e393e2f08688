public import Extents

extension ISO9660 {
    /// A CD image that was read.
    public struct Volume: Sendable {
        public let volumeID: String
        /// As the volume says, in bytes; the file may be longer.
        public let size: UInt64
        /// Boot entries, the default first.
        public let bootEntries: [BootEntry]
        /// Every name, parents first; the root is not among them. Without Rock Ridge, names are those of ECMA-119 in
        /// small letters.
        public let entries: [Entry]
    }

    /// An entry of the boot catalog.
    public struct BootEntry: Sendable, Equatable {
        /// 0 BIOS, 0xEF UEFI.
        public let platform: UInt8
        /// Where the boot image starts, in bytes.
        public let offset: UInt64
        /// In bytes, as the catalog says; 0 is up to the end of the volume.
        public let length: UInt64
    }

    /// Reads all directories, or those before an error. Files become ranges of the image; what a truncated image lacks
    /// of them is missing.
    /// - Parameter limit: more names are an error.
    /// - Throws: `DiskImageError` for anything but a CD image; `FileError`, `ExtentError`.
    public static func salvage(_ image: ExtentList, limit: Int) throws -> (volume: Volume, problem: (any Error)?) {
        let (primary, catalog) = try descriptors(image)
        let size = UInt64(try primary.u32le(80)) * sector
        var whole = image
        var problem: (any Error)?
        if size > image.length {
            whole.extendMissing(to: size)
            problem = DiskImageError("truncated: \(image.length) of \(size) bytes present")
        }
        var reader = TreeReader(image: whole, limit: limit)
        var boot: [BootEntry] = []
        do {
            try reader.read(root: UInt64(try primary.u32le(158)), length: UInt64(try primary.u32le(166)))
        } catch let error where !(error is FileError) { problem = problem ?? error }
        do {
            if let catalog { boot = try ElTorito.read(whole, at: catalog * sector) }
        } catch let error where !(error is FileError) { problem = problem ?? error }
        let volumeID = try primary.text(40, 32).trimmingSpaces
        return (Volume(volumeID: volumeID, size: size, bootEntries: boot, entries: reader.entries), problem)
    }

    /// The primary descriptor, and the sector of the boot catalog when there is one.
    private static func descriptors(_ image: ExtentList) throws -> (primary: ByteView, catalog: UInt64?) {
        var (primary, catalog): (ByteView?, UInt64?) = (nil, nil)
        for number in firstDescriptor..<firstDescriptor + 16 {
            let descriptor = try ByteView(image, at: number * sector, count: Int(sector), "volume descriptor")
            guard try descriptor.slice(1, 5).elementsEqual("CD001".utf8) else {
                throw DiskImageError("not a CD image: no 'CD001' at byte \(number * sector + 1)")
            }
            let type = try descriptor.u8(0)
            if type == 0, try descriptor.text(7, 32) == "EL TORITO SPECIFICATION" {
                catalog = UInt64(try descriptor.u32le(71))
            }
            if type == 1, primary == nil { primary = descriptor }
            if type == 255 { break }
        }
        guard let primary else { throw DiskImageError("the CD image has no primary volume descriptor") }
        guard try primary.u16le(128) == UInt16(sector) else {
            throw DiskImageError("the CD image has sectors of \(try primary.u16le(128)) bytes, expected \(sector)")
        }
        return (primary, catalog)
    }
}

extension ElTorito {
    /// Reads one sector of a boot catalog.
    static func read(_ image: ExtentList, at offset: UInt64) throws -> [ISO9660.BootEntry] {
        let catalog = try ByteView(image, at: offset, count: Int(ISO9660.sector), "boot catalog")
        guard try catalog.u8(0) == 1, try catalog.u16le(30) == 0xaa55 else {
            throw DiskImageError("boot catalog: no validation entry")
        }
        var (entries, platform, left) = ([ISO9660.BootEntry](), try catalog.u8(1), 1)
        for entry in stride(from: 32, to: catalog.count, by: 32) {
            let kind = try catalog.u8(entry)
            if left > 0 {
                left -= 1
                guard kind == 0x88 else { continue }
                entries.append(
                    ISO9660.BootEntry(
                        platform: platform, offset: UInt64(try catalog.u32le(entry + 8)) * ISO9660.sector,
                        length: UInt64(try catalog.u16le(entry + 6)) * 512))
            } else if kind == 0x90 || kind == 0x91 {
                (platform, left) = (try catalog.u8(entry + 1), Int(try catalog.u16le(entry + 2)))
            } else {
                break
            }
        }
        return entries
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(reversed().drop { $0 == " " }.reversed()) }
}
