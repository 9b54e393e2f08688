internal import Extents

/// SYSLINUX 6 on a FAT volume, installed without running its installer. The structures are those of `syslinux/libinstaller` in SYSLINUX's
/// sources: `syslxint.h`, "struct patch_area", "struct ext_patch_area", "struct syslinux_extent", and `setadv.c`.
///
/// ```
/// boot sector     first sector of LDLINUX.SYS patched in at two places; the BIOS parameter block is the volume's
/// LDLINUX.SYS     the loader; at 0x3EB202FE the patch area:
///   +8 u16        sectors of the loader          +16 u32   checksum: all dwords of the loader sum up to 0x3EB202FE
///   +10 u16       sectors of the ADV: 2          +20 u16   most sectors of one read
///   +12 u32       dwords of the loader           +22 u16   where the extended patch area is
///     +0 u16      where the sectors of the ADV go: two u64
///     +10 u16     where the extents of the loader's other sectors go: u64 first sector, u16 sectors; +12 u16 room for so many
///     +14 u16     where in the boot sector the low half of the first sector goes; +16 u16 the high half
///   then          two sectors of ADV: 0x5A2D2FA5, 0xA3041767, 500 bytes of settings, 0xDD28BF64
/// ```
public enum Syslinux {
    /// Where the loader is on a volume.
    public static let fileName = "LDLINUX.SYS"
    static let sectorLength = 512
    static let patchMagic: UInt32 = 0x3EB2_02FE

    /// The file that a volume for ``install(_:on:)`` must have, with room for all that is patched in.
    public static func file(_ loader: Loader) -> FAT.File {
        FAT.File(fileName, ExtentList(bytes: loader.padded + advSectors), attributes: [.readOnly, .hidden, .system])
    }

    /// A volume made bootable: its boot sector, and the copy of FAT32, start its `LDLINUX.SYS`.
    /// - Throws: `DiskImageError` when the volume does not have the file; `FileError`, `ExtentError`.
    public static func install(_ loader: Loader, on volume: FAT.Volume) throws -> FAT.Volume {
        guard let offset = volume.offsets[fileName] else {
            throw DiskImageError("the volume has no '\(fileName)', which SYSLINUX starts from")
        }
        let firstSector = offset / UInt64(sectorLength)
        let file = try loader.patched(firstSector: firstSector) + advSectors
        let boot = try loader.bootSector(on: volume.content.bytes(at: 0, count: sectorLength), firstSector: firstSector)
        var volume = volume
        volume.content.replace(at: 0, with: boot)
        if volume.geometry.kind == .fat32 { volume.content.replace(at: 6 * UInt64(sectorLength), with: boot) }
        volume.content.replace(at: offset, with: file)
        return volume
    }

    /// The two sectors of settings that survive a boot, empty.
    private static var advSectors: [UInt8] {
        var builder = ByteBuilder()
        for _ in 0..<2 {
            builder.u32le(0x5A2D_2FA5)
            builder.u32le(0xA304_1767)
            builder.fill(500)
            builder.u32le(0xDD28_BF64)
        }
        return builder.bytes
    }
}
