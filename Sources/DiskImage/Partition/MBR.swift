public import Extents

/// Master boot records (UEFI 2.10, section 5.2.1).
///
/// ```
/// 0      boot code: 440 bytes
/// 440    disk signature: u32, then 2 bytes of 0
/// 446    4 entries of 16 bytes: 0x80 when active, CHS of the start, type, CHS of the end, first LBA: u32, sectors: u32
/// 510    55 AA
/// ```
public enum MBR {
    public static let bootCodeLength = 440
    static let sectorLength: UInt64 = 512
    /// Where the first partition starts, in sectors: at 1 MiB.
    public static let firstSector: UInt32 = 2048
    static let alignment: UInt64 = 1 << 20
    /// The largest disk, in bytes: sectors have 32 bits.
    static let limit: UInt64 = 2 << 40

    /// A line of the table.
    public struct Entry: Sendable, Equatable {
        public var isActive: Bool = false
        /// E.g. 0x0C FAT32, 0x0E FAT16, 0xEF EFI system partition, 0xEE protective.
        public var type: UInt8
        /// In sectors of 512 bytes.
        public var start: UInt32
        /// In sectors of 512 bytes.
        public var sectors: UInt32

        /// In bytes.
        public var range: Range<UInt64> {
            UInt64(start) * MBR.sectorLength..<(UInt64(start) + UInt64(sectors)) * MBR.sectorLength
        }
    }

    /// The first sector of a disk. The CHS fields say "use the LBA".
    /// - Parameters:
    ///   - bootCode: at most 440 bytes.
    ///   - entries: at most 4.
    /// - Throws: `DiskImageError` when the code is longer.
    public static func sector(bootCode: [UInt8] = [], signature: UInt32, entries: [Entry]) throws -> [UInt8] {
        precondition(entries.count <= 4, "\(entries.count) entries in a master boot record")
        guard bootCode.count <= bootCodeLength else {
            throw DiskImageError("boot code of \(bootCode.count) bytes; the limit in a master boot record is 440")
        }
        var builder = ByteBuilder(reserving: 512)
        builder.append(bootCode)
        builder.pad(to: bootCodeLength)
        builder.u32le(signature)
        builder.u16le(0)
        for entry in entries {
            builder.append([entry.isActive ? 0x80 : 0, 0xFE, 0xFF, 0xFF, entry.type, 0xFE, 0xFF, 0xFF])
            builder.u32le(entry.start)
            builder.u32le(entry.sectors)
        }
        builder.pad(to: 510)
        builder.append([0x55, 0xAA])
        return builder.bytes
    }

    /// A disk with one active partition at 1 MiB.
    /// - Parameters:
    ///   - type: of the partition.
    ///   - identity: bytes that the signature is derived from.
    ///   - minimumSize: of the disk in bytes; it is rounded up to whole MiB.
    /// - Throws: `DiskImageError` when the disk is larger than an MBR can say.
    public static func disk(
        partition: ExtentList, type: UInt8, bootCode: [UInt8], identity: [UInt8], minimumSize: UInt64 = 0
    ) throws -> ExtentList {
        let start = UInt64(firstSector) * sectorLength
        let sectors = partition.length.divided(by: sectorLength)
        guard sectors <= UInt64(UInt32.max - firstSector) else {
            throw DiskImageError(
                "a partition of \(partition.length) bytes, at most 2 TiB in a master boot record",
                hint: "use a GPT disk")
        }
        let entry = Entry(isActive: true, type: type, start: firstSector, sectors: UInt32(sectors))
        let guid = GUID(identity: identity, purpose: "MBR").bytes
        let signature = guid.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        var disk = ExtentList(bytes: try sector(bootCode: bootCode, signature: signature, entries: [entry]))
        disk.pad(to: start)
        disk.append(partition)
        let size = max(minimumSize, disk.length).rounded(to: alignment)
        guard size <= limit else {
            throw DiskImageError(
                "a disk of \(size) bytes, at most \(limit) bytes (2 TiB) with a master boot record",
                hint: "choose a smaller size, or a format for UEFI or for both, which has a GPT")
        }
        disk.pad(to: size)
        return disk
    }

    /// The entries of a disk that are in use, in the order of the table.
    /// - Parameter isWhole: false for a disk that may be truncated.
    /// - Throws: `DiskImageError` when it has no master boot record or one that points beyond the disk's end.
    public static func entries(of disk: ExtentList, isWhole: Bool = true) throws -> [Entry] {
        guard disk.length >= sectorLength else {
            throw DiskImageError("no master boot record: only \(disk.length) bytes")
        }
        let view = ByteView(try disk.bytes(at: 0, count: 512), "master boot record")
        guard try view.u16le(510) == 0xAA55 else { throw DiskImageError("no master boot record: no 55 AA at its end") }
        let entries = try (0..<4).map { index in
            let offset = 446 + index * 16
            return Entry(
                isActive: try view.u8(offset) == 0x80, type: try view.u8(offset + 4), start: try view.u32le(offset + 8),
                sectors: try view.u32le(offset + 12))
        }.filter { $0.type != 0 && $0.sectors > 0 }
        for entry in entries where isWhole && entry.type != 0xEE && entry.range.upperBound > disk.length {
            throw DiskImageError("a partition up to byte \(entry.range.upperBound) on a disk of \(disk.length) bytes")
        }
        return entries
    }
}
