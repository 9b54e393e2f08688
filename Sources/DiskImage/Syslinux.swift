internal import Extents

/// SYSLINUX 6 on a FAT volume, installed without running its installer. The structures are those of
/// `syslinux/libinstaller` in SYSLINUX's sources: `syslxint.h`, "struct patch_area", "struct ext_patch_area", "struct
/// syslinux_extent", and `setadv.c`.
///
/// ```
/// boot sector     first sector of LDLINUX.SYS patched in at two offsets; the BIOS parameter block is the volume's
/// LDLINUX.SYS     the loader; at 0x3EB202FE the patch area:
///   +8 u16        sectors of the loader          +16 u32   checksum: all dwords of the loader sum up to 0x3EB202FE
///   +10 u16       sectors of the ADV: 2          +20 u16   most sectors of one read
///   +12 u32       dwords of the loader           +22 u16   where the extended patch area is
///     +0 u16      where the sectors of the ADV go: two u64
///     +10 u16     where the extents of the loader's other sectors go: u64 first sector, u16 sectors
///     +12 u16     room for so many extents
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
            throw DiskImageError("the volume has no '\(fileName)', which SYSLINUX needs")
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

extension Syslinux {
    /// The parts of SYSLINUX that are installed, cut out of its installer.
    public struct Loader: Sendable {
        /// A whole boot sector, of which code is taken.
        let template: [UInt8]
        /// The loader, not patched yet.
        let loader: [UInt8]

        /// - Parameter installer: the bytes of `usr/bin/syslinux`, which holds boot sector and loader one after the
        ///   other, and before an embedded 32-bit ELF file.
        /// - Throws: `DiskImageError` when they are not there.
        public init(installer: [UInt8]) throws {
            func error(_ what: String) -> DiskImageError {
                DiskImageError(
                    "not a SYSLINUX 6 installer: \(what)",
                    hint: "take usr/bin/syslinux of Debian's package syslinux")
            }
            guard let start = installer.firstRange(of: Array("\r\nSYSLINUX 6".utf8))?.lowerBound, start >= sectorLength
            else {
                throw error("it has \(installer.count) bytes and no loader")
            }
            guard let end = installer[start...].firstRange(of: [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1])?.lowerBound else {
                throw error("the loader does not end")
            }
            guard end - start <= 1 << 17 else {
                throw error("a loader of \(end - start) bytes, expected at most 131072")
            }
            template = Array(installer[start - sectorLength..<start])
            loader = Array(installer[start..<end])
            guard Array(template.suffix(2)) == [0x55, 0xAA] else {
                throw error("it has no boot sector before the loader")
            }
        }

        /// The loader in whole sectors.
        var padded: [UInt8] {
            loader + [UInt8](repeating: 0, count: (sectorLength - loader.count % sectorLength) % sectorLength)
        }

        /// The loader with the map of its own sectors.
        /// - Parameter firstSector: of the file, which is contiguous, counted from the volume's start.
        func patched(firstSector: UInt64) throws -> [UInt8] {
            let area = try PatchArea(padded)
            let sectors = padded.count / sectorLength
            var bytes = padded
            bytes.put(at: area.offset + 8) { $0.u16le(UInt16(sectors)) }
            bytes.put(at: area.offset + 10) { $0.u16le(2) }
            bytes.put(at: area.offset + 12) { $0.u32le(UInt32(padded.count / 4)) }
            bytes.put(at: area.offset + 16) { $0.u32le(0) }
            let extents = Self.extents(from: firstSector + 1, count: sectors - 1)
            guard extents.count <= area.extentRoom else {
                throw DiskImageError(
                    "the SYSLINUX loader takes \(extents.count) extents, but has room for \(area.extentRoom)")
            }
            bytes.put(at: area.extents) { builder in
                for (sector, count) in extents {
                    builder.u64le(sector)
                    builder.u16le(count)
                }
                builder.fill((area.extentRoom - extents.count) * 10)
            }
            bytes.put(at: area.adv) { builder in
                for index in 0..<2 { builder.u64le(firstSector + UInt64(sectors + index)) }
            }
            let view = ByteView(bytes, "LDLINUX.SYS")
            let sum = try stride(from: 0, to: bytes.count, by: 4).reduce(UInt32(0)) { try $0 &+ view.u32le($1) }
            bytes.put(at: area.offset + 16) { $0.u32le(patchMagic &- sum) }
            return bytes
        }

        /// Reads of less than 64 KiB each.
        private static func extents(from sector: UInt64, count: Int) -> [(UInt64, UInt16)] {
            var result: [(UInt64, UInt16)] = []
            var (sector, left) = (sector, count)
            while left > 0 {
                let step = min(left, 127)
                result.append((sector, UInt16(step)))
                sector += UInt64(step)
                left -= step
            }
            return result
        }

        /// A boot sector with SYSLINUX's code around the volume's parameters.
        func bootSector(on volume: [UInt8], firstSector: UInt64) throws -> [UInt8] {
            let area = try PatchArea(padded)
            var bytes = volume
            bytes.replaceSubrange(0..<11, with: template[0..<11])
            bytes.replaceSubrange(0x5A..<0x1FE, with: template[0x5A..<0x1FE])
            for (offset, half) in [(area.bootLow, firstSector & 0xFFFF_FFFF), (area.bootHigh, firstSector >> 32)] {
                guard offset + 4 <= 0x1FE else {
                    throw DiskImageError("the SYSLINUX loader patches byte \(offset) of the boot sector")
                }
                bytes.put(at: offset) { $0.u32le(UInt32(half)) }
            }
            return bytes
        }
    }

    /// Where things go in the loader, in bytes.
    private struct PatchArea {
        let offset: Int
        let adv: Int
        let extents: Int
        let extentRoom: Int
        let bootLow: Int
        let bootHigh: Int

        init(_ loader: [UInt8]) throws {
            let view = ByteView(loader, "LDLINUX.SYS")
            let found = try stride(from: 0, to: min(loader.count, 512) - 24, by: 4).first {
                try view.u32le($0) == patchMagic
            }
            guard let found else { throw DiskImageError("the SYSLINUX loader has no patch area") }
            offset = found
            let extended = Int(try view.u16le(found + 22))
            adv = Int(try view.u16le(extended))
            extents = Int(try view.u16le(extended + 10))
            extentRoom = Int(try view.u16le(extended + 12))
            bootLow = Int(try view.u16le(extended + 14))
            bootHigh = Int(try view.u16le(extended + 16))
            _ = try view.slice(adv, 16)
            _ = try view.slice(extents, extentRoom * 10)
        }
    }
}

extension [UInt8] {
    /// Overwrites bytes.
    mutating func put(at offset: Int, _ build: (inout ByteBuilder) -> Void) {
        var builder = ByteBuilder()
        build(&builder)
        replaceSubrange(offset..<offset + builder.count, with: builder.bytes)
    }
}
