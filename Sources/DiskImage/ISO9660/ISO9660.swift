public import Extents

/// CD images: ISO 9660 (ECMA-119) with Rock Ridge (IEEE P1282) for names, owners, modes, links and devices, and El Torito 1.0 to boot from.
/// Sectors have 2048 bytes.
///
/// ```
/// sector 0-15     system area: zeros, or a master boot record for a disk that the image is copied to
/// sector 16       primary volume descriptor
///   then          boot record, when it boots; terminator; path tables, little-endian then big-endian
///   then          directories in the order of the path table, each with its Rock Ridge continuation area
///   then          boot catalog, when it boots
///   then          files in the order they were given; what has 4 GiB or more has several extents
/// at a MiB        the EFI system partition, when there is one
/// ```
public enum ISO9660 {
    static let sector: UInt64 = 2048
    static let firstDescriptor: UInt64 = 16
    /// The longest extent of a file: 4 GiB less a sector.
    static let extentLimit: UInt64 = 0xffff_f800
    static let diskAlignment: UInt64 = 1 << 20

    /// A whole image, padded to 1 MiB when it is to boot from a disk too.
    /// - Parameters:
    ///   - entries: in the order in which their data are to lie. Directories that paths want and that are not named have mode 0755.
    ///   - volumeID: at most 32 of `A-Z`, `0-9`, `_`.
    ///   - time: of the volume and the directories that are not named, in seconds since 1970.
    /// - Throws: `DiskImageError` for names that cannot be, names twice, too much of everything; `FileError`, `ExtentError` for the files of `boot`.
    public static func image(_ entries: [Entry], volumeID: String, time: Int64 = 0, boot: Boot = Boot()) throws -> ExtentList {
        try check(volumeID)
        let tree = try Tree(entries, time: time)
        let layout = try Layout(tree, boot)
        var image = ExtentList(bytes: try layout.systemArea())
        image.pad(to: firstDescriptor * sector)
        image.append(.bytes(layout.primaryDescriptor(volumeID: volumeID, time: time)))
        if boot.isBootable { image.append(.bytes(layout.bootRecord)) }
        image.append(.bytes(terminator))
        for table in [layout.pathTable(bigEndian: false), layout.pathTable(bigEndian: true)] {
            image.append(.bytes(table))
            image.pad(toMultipleOf: sector)
        }
        for directory in tree.directories { image.append(.bytes(layout.bytes(of: directory))) }
        if boot.isBootable { image.append(.bytes(try layout.bootCatalog())) }
        for file in layout.files where file.content.length > 0 {
            image.pad(to: UInt64(file.sector) * sector)
            image.append(try layout.content(of: file))
        }
        if let efi = boot.efi {
            image.pad(to: layout.efiSector * sector)
            image.append(efi)
        }
        image.pad(to: layout.sectors * sector)
        return image
    }

    private static func check(_ volumeID: String) throws {
        let isLegal = volumeID.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
        guard (1...32).contains(volumeID.utf8.count), isLegal else {
            throw DiskImageError("volume id '\(volumeID)', expected 1 to 32 of A-Z, 0-9 and _")
        }
    }
}
