internal import Extents

/// The boot entries of a CD (El Torito 1.0; UEFI 2.10, section 13.3.2).
///
/// Boot catalog, entries of 32 bytes:
/// ```
/// validation     0 1   1 platform   4 maker 24   28 sum of all words is 0   30 55 AA
/// boot entry     0 88  1 no emulation 0   2 segment u16   4 type   6 sectors of 512 bytes u16   8 sector u32
/// section        0 91 (last) or 90   1 platform   2 entries u16   4 id 28
/// ```
enum ElTorito {
    enum Platform: UInt8 {
        case bios = 0
        case efi = 0xef
    }

    struct Entry: Equatable {
        let platform: Platform
        let sector: UInt32
        /// Of 512 bytes, which BIOS loads.
        let sectors: UInt16
    }

    /// Of `isohdpfx.bin`.
    static let diskCodeLength = 432

    /// The first entry is the default, each other one has a section of its own.
    static func catalog(_ entries: [Entry]) -> [UInt8] {
        var builder = ByteBuilder(reserving: Int(ISO9660.sector))
        if let first = entries.first {
            builder.append(validation(first.platform))
            builder.append(bytes(first))
        }
        for (index, entry) in entries.enumerated().dropFirst() {
            builder.append([index == entries.count - 1 ? 0x91 : 0x90, entry.platform.rawValue])
            builder.u16le(1)
            builder.fill(28)
            builder.append(bytes(entry))
        }
        builder.pad(to: Int(ISO9660.sector))
        return builder.bytes
    }

    private static func validation(_ platform: Platform) -> [UInt8] {
        var builder = ByteBuilder(reserving: 32)
        builder.append([1, platform.rawValue])
        builder.fill(28)
        builder.append([0x55, 0xaa])
        var sum = ByteBuilder()
        let words = stride(from: 0, to: 32, by: 2).map {
            UInt16(builder.bytes[$0]) | UInt16(builder.bytes[$0 + 1]) << 8
        }
        sum.u16le(0 &- words.reduce(0, &+))
        builder.replace(at: 28, with: sum)
        return builder.bytes
    }

    private static func bytes(_ entry: Entry) -> [UInt8] {
        var builder = ByteBuilder(reserving: 32)
        builder.append([0x88, 0, 0, 0, 0, 0])
        builder.u16le(entry.sectors)
        builder.u32le(entry.sector)
        builder.pad(to: 32)
        return builder.bytes
    }

    /// ISOLINUX with its boot information table: at 8 the sector of the volume descriptor, its own sector, its length,
    /// the sum of all words of 4 bytes from 64 on, then zeros up to 64.
    static func withInformationTable(_ loader: ExtentList, sector: UInt32) throws -> ExtentList {
        guard (64...1 << 20).contains(loader.length) else {
            throw DiskImageError(
                "a boot loader of \(loader.length) bytes, expected 64 bytes to 1 MiB",
                hint: "give ISOLINUX's isolinux.bin")
        }
        let view = ByteView(try ExtentReader.bytes(of: loader) + [0, 0, 0], "boot loader")
        let sum = try stride(from: 64, to: Int(loader.length), by: 4).reduce(UInt32(0)) { $0 &+ (try view.u32le($1)) }
        var builder = ByteBuilder()
        builder.append(view.bytes.prefix(8))
        for number in [UInt32(ISO9660.firstDescriptor), sector, UInt32(loader.length), sum] { builder.u32le(number) }
        builder.pad(to: 64)
        builder.append(view.bytes[64..<Int(loader.length)])
        return ExtentList(bytes: builder.bytes)
    }
}
