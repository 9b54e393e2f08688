internal import Extents

/// FAT16 and FAT32 volumes with long file names: "FAT: General Overview of On-Disk Format" 1.03, and for long names its section
/// "FAT Long Directory Entries".
///
/// ```
/// sector 0              boot sector with the BIOS parameter block
/// sector 1, 6, 7        FAT32: FSInfo, copies of sectors 0 and 1
/// reserved              first file allocation table, padded in front so that the data area starts at a multiple of 4096 bytes
///   + table             second file allocation table
///   + 2 tables          FAT16: root directory
/// data area             cluster 2 and on: FAT32's root directory, directories, files
/// ```
///
/// Every file and directory lies in one piece; whatever is at least 4096 bytes long starts at a multiple of that, so that a file can be
/// shared with structures that are made of larger blocks.
public enum FAT {
    static let sectorLength: UInt64 = 512
    static let alignment: UInt64 = 4096

    /// A volume with the given files, as small as it can be.
    /// - Parameters:
    ///   - files: in the order in which they lie on the volume. Directories are made as the paths want.
    ///   - label: at most 11 characters of a short name; empty for none.
    ///   - hiddenSectors: how many sectors of 512 bytes lie before the volume on its disk.
    ///   - minimumSize: in bytes; the free space is holes.
    ///   - time: of every file and directory, in seconds since 1970; before 1980 it is the start of 1980.
    /// - Throws: `DiskImageError` for names that FAT does not have, a name twice, a file of 4 GiB or more, too much of everything.
    public static func volume(
        files: [File], label: String = "", serial: UInt32, hiddenSectors: UInt32 = 0, minimumSize: UInt64 = 0, time: UInt64 = 0
    ) throws -> Volume {
        let label = try Label(label)
        let root = try DirectoryTree(files)
        let layout = try Layout(root, hasLabel: !label.isEmpty, minimumSize: minimumSize)
        let stamp = TimeStamp(seconds: time)
        var content = ExtentList()
        content.append(layout.geometry.reservedArea(label: label, serial: serial, hiddenSectors: hiddenSectors, layout: layout))
        for _ in 0..<2 {
            content.append(layout.table)
            content.pad(to: content.length + layout.geometry.tableLength - layout.table.length)
        }
        for item in layout.items {
            content.pad(to: layout.offset(of: item))
            content.append(item.directory.map { ExtentList(bytes: $0.bytes(layout, label: label, stamp)) } ?? item.content)
        }
        content.pad(to: layout.geometry.length)
        return Volume(content: content, geometry: layout.geometry, offsets: layout.offsets)
    }
}
