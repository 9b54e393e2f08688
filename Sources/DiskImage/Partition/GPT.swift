public import Extents

/// GUID partition tables (UEFI 2.10, section 5.3).
///
/// ```
/// LBA 0           protective MBR: one entry of type 0xEE
/// LBA 1           header, 92 bytes: "EFI PART", revision, header length, its CRC-32, 0, own LBA, LBA of the other header,
///                 first and last LBA for partitions, disk GUID, LBA of the entries, number 128, size 128, CRC-32 of the entries
/// LBA 2-33        entries: type GUID, own GUID, first LBA, last LBA, attributes, name in 36 UTF-16 units
/// LBA 2048        the first partition, each at a multiple of 1 MiB
/// LBA n-33..n-2   the entries again
/// LBA n-1         the header again, with its own LBA
/// ```
public enum GPT {
    static let sectorLength: UInt64 = 512
    static let alignment: UInt64 = 1 << 20
    static let entryCount = 128
    static let entryLength = 128
    static let headerLength = 92
    /// Sectors of entries.
    static let tableSectors: UInt64 = 32

    /// A partition to write.
    public struct Partition: Sendable {
        public var type: GUID
        /// At most 36 UTF-16 units.
        public var name: String
        public var content: ExtentList
        public var attributes: UInt64

        /// The attribute that tells BIOS boot code which partition to start.
        public static let legacyBootable: UInt64 = 1 << 2

        public init(type: GUID, name: String, content: ExtentList, attributes: UInt64 = 0) {
            self.type = type
            self.name = name
            self.content = content
            self.attributes = attributes
        }
    }

    /// A disk with partitions.
    /// - Parameters:
    ///   - bootCode: for the protective MBR, at most 440 bytes.
    ///   - identity: bytes that all GUIDs are derived from.
    ///   - minimumSize: of the disk in bytes.
    ///   - sizeUnit: the size is rounded up to a multiple of this; itself a multiple of 512 bytes.
    /// - Throws: `DiskImageError` for too many partitions or too long a name.
    public static func disk(
        partitions: [Partition], bootCode: [UInt8] = [], identity: [UInt8], minimumSize: UInt64 = 0, sizeUnit: UInt64 = 1 << 20
    ) throws -> ExtentList {
        precondition(sizeUnit > 0 && sizeUnit % sectorLength == 0, "a disk in units of \(sizeUnit) bytes")
        guard partitions.count <= entryCount else { throw DiskImageError("\(partitions.count) partitions, at most \(entryCount)") }
        var start = alignment
        var ranges: [Range<UInt64>] = []
        for partition in partitions {
            ranges.append(start..<start + partition.content.length.rounded(to: sectorLength))
            start = (start + max(1, partition.content.length)).rounded(to: alignment)
        }
        let end = (ranges.last?.upperBound ?? alignment) + (tableSectors + 1) * sectorLength
        let size = max(end, minimumSize).rounded(to: sizeUnit)
        let sectors = size / sectorLength
        let entries = try entries(partitions, ranges, identity)
        let header = Header(sectors: sectors, disk: GUID(identity: identity, purpose: "disk"), entriesChecksum: CRC32.of(entries))

        let protective = MBR.Entry(type: 0xEE, start: 1, sectors: UInt32(min(sectors - 1, UInt64(UInt32.max))))
        var disk = ExtentList(bytes: try MBR.sector(bootCode: bootCode, signature: 0, entries: [protective]))
        disk.append(.bytes(header.bytes(isPrimary: true)))
        disk.append(.bytes(entries))
        for (partition, range) in zip(partitions, ranges) {
            disk.pad(to: range.lowerBound)
            disk.append(partition.content)
        }
        disk.pad(to: size - (tableSectors + 1) * sectorLength)
        disk.append(.bytes(entries))
        disk.append(.bytes(header.bytes(isPrimary: false)))
        return disk
    }

    private static func entries(_ partitions: [Partition], _ ranges: [Range<UInt64>], _ identity: [UInt8]) throws -> [UInt8] {
        var builder = ByteBuilder(reserving: entryCount * entryLength)
        for (index, (partition, range)) in zip(partitions, ranges).enumerated() {
            let name = Array(partition.name.utf16)
            guard name.count <= 36 else { throw DiskImageError("partition name '\(partition.name)', at most 36 UTF-16 units") }
            builder.append(partition.type.bytes)
            builder.append(GUID(identity: identity, purpose: "partition \(index + 1)").bytes)
            builder.u64le(range.lowerBound / sectorLength)
            builder.u64le(range.upperBound / sectorLength - 1)
            builder.u64le(partition.attributes)
            for unit in name { builder.u16le(unit) }
            builder.pad(to: (index + 1) * entryLength)
        }
        builder.pad(to: entryCount * entryLength)
        return builder.bytes
    }
}
