public import Extents

/// GUID partition tables (UEFI 2.10, section 5.3).
///
/// ```
/// LBA 0           protective MBR: one entry of type 0xEE
/// LBA 1           header, 92 bytes: "EFI PART", revision, header length, its CRC-32, 0, own LBA, LBA of the other
///                 header, first and last LBA for partitions, disk GUID, LBA of the entries, number 128, size 128,
///                 CRC-32 of the entries
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

        /// The attribute of the partition that BIOS boot code starts.
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
        partitions: [Partition], bootCode: [UInt8] = [], identity: [UInt8], minimumSize: UInt64 = 0,
        sizeUnit: UInt64 = 1 << 20
    ) throws -> ExtentList {
        precondition(sizeUnit > 0 && sizeUnit % sectorLength == 0, "a disk in units of \(sizeUnit) bytes")
        guard partitions.count <= entryCount else {
            throw DiskImageError("\(partitions.count) partitions; the limit is \(entryCount)")
        }
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
        let header = Header(
            sectors: sectors, disk: GUID(identity: identity, purpose: "disk"), entriesChecksum: CRC32.of(entries))

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

    private static func entries(_ partitions: [Partition], _ ranges: [Range<UInt64>], _ identity: [UInt8]) throws
        -> [UInt8]
    {
        var builder = ByteBuilder(reserving: entryCount * entryLength)
        for (index, (partition, range)) in zip(partitions, ranges).enumerated() {
            let name = Array(partition.name.utf16)
            guard name.count <= 36 else {
                throw DiskImageError("partition name '\(partition.name)' exceeds 36 UTF-16 units")
            }
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

extension GPT {
    /// The header, of which there are two.
    struct Header {
        /// Of the whole disk.
        let sectors: UInt64
        let disk: GUID
        let entriesChecksum: UInt32

        /// One sector.
        func bytes(isPrimary: Bool) -> [UInt8] {
            var builder = ByteBuilder(reserving: 512)
            builder.ascii("EFI PART", padded: 8)
            builder.u32le(0x0001_0000)
            builder.u32le(UInt32(GPT.headerLength))
            builder.u32le(0)
            builder.u32le(0)
            builder.u64le(isPrimary ? 1 : sectors - 1)
            builder.u64le(isPrimary ? sectors - 1 : 1)
            builder.u64le(2 + GPT.tableSectors)
            builder.u64le(sectors - GPT.tableSectors - 2)
            builder.append(disk.bytes)
            builder.u64le(isPrimary ? 2 : sectors - GPT.tableSectors - 1)
            builder.u32le(UInt32(GPT.entryCount))
            builder.u32le(UInt32(GPT.entryLength))
            builder.u32le(entriesChecksum)
            var checksum = ByteBuilder()
            checksum.u32le(CRC32.of(builder.bytes))
            builder.replace(at: 16, with: checksum)
            builder.pad(to: 512)
            return builder.bytes
        }
    }
}

extension GPT {
    /// A table that was read from a disk, with its checksums right.
    public struct Table: Sendable {
        /// A partition in use.
        public struct Entry: Sendable {
            /// From 1, its place in the table.
            public let number: Int
            public let type: GUID
            public let guid: GUID
            public let name: String
            public let attributes: UInt64
            /// In bytes.
            public let range: Range<UInt64>
        }

        public let disk: GUID
        public let entries: [Entry]

        /// The error of the first table when this is the one at the end of the disk; nil when this is the first.
        public let problem: String?

        /// Reads the first table, and when that is damaged the one at the end of the disk.
        /// - Throws: `DiskImageError` when there is none or both are damaged, then as the first is; `FileError`,
        ///   `ExtentError`.
        public init(_ disk: ExtentList) throws {
            let sectors = disk.length / sectorLength
            guard sectors >= 2 else { throw DiskImageError("no GPT: only \(disk.length) bytes") }
            do {
                self = try Self(disk, at: 1, problem: nil)
            } catch let error where error is DiskImageError || error is ExtentError {
                guard let second = try valueIfValid({ try Self(disk, at: sectors - 1, problem: "\(error)") }) else {
                    throw error
                }
                self = second
            }
        }

        /// The length in bytes that a disk has by its first header; nil when that is damaged.
        /// - Throws: `FileError`.
        public static func length(of disk: ExtentList) throws -> UInt64? {
            let last = try valueIfValid { try header(of: disk, at: 1).u64le(32) }
            return last.flatMap { $0 < 1 << 52 ? ($0 + 1) * sectorLength : nil }
        }

        /// - Parameter sector: of the header.
        private init(_ disk: ExtentList, at sector: UInt64, problem: String?) throws {
            let header = try Self.header(of: disk, at: sector)
            self.disk = GUID(bytes: try header.slice(56, 16))
            self.problem = problem
            let (start, count, size) = (try header.u64le(72), Int(try header.u32le(80)), Int(try header.u32le(84)))
            guard (1...1024).contains(count), (128...4096).contains(size), size % 8 == 0 else {
                throw DiskImageError(
                    "GPT of \(count) entries of \(size) bytes, expected at most 1024 of 128 to 4096 bytes")
            }
            guard start < disk.length / sectorLength else {
                throw DiskImageError("GPT entries at LBA \(start), beyond the disk's end")
            }
            let table = ByteView(try disk.bytes(at: start * sectorLength, count: count * size), "GPT entries")
            guard try CRC32.of(table.bytes) == header.u32le(88) else {
                throw DiskImageError("GPT entries with a wrong checksum", hint: "the image is damaged")
            }
            entries = try (0..<count).compactMap { try Self.entry(table, $0, size, disk.length) }
        }

        private static func header(of disk: ExtentList, at sector: UInt64) throws -> ByteView {
            let offset = sector * sectorLength
            let sector = ByteView(try disk.bytes(at: offset, count: 512), "GPT header")
            guard sector.bytes.starts(with: Array("EFI PART".utf8)) else {
                throw DiskImageError("no GPT: no 'EFI PART' at byte \(offset)")
            }
            let length = Int(try sector.u32le(12))
            guard (headerLength...512).contains(length) else {
                throw DiskImageError("GPT header of \(length) bytes, expected 92 to 512 bytes")
            }
            var plain = try sector.slice(0, length)
            plain.replaceSubrange(16..<20, with: [0, 0, 0, 0])
            guard try CRC32.of(plain) == sector.u32le(16) else {
                throw DiskImageError("GPT header with a wrong checksum", hint: "the image is damaged")
            }
            return sector
        }

        private static func entry(_ table: ByteView, _ index: Int, _ size: Int, _ length: UInt64) throws -> Entry? {
            let offset = index * size
            let type = GUID(bytes: try table.slice(offset, 16))
            guard type != .none else { return nil }
            let (first, last) = (try table.u64le(offset + 32), try table.u64le(offset + 40))
            guard first > 0, first <= last, last < length / sectorLength else {
                throw DiskImageError(
                    "partition \(index + 1) from LBA \(first) to \(last) on a disk of \(length / sectorLength) sectors")
            }
            let units = try (0..<36).map { try table.u16le(offset + 56 + $0 * 2) }.prefix { $0 != 0 }
            return Entry(
                number: index + 1, type: type, guid: GUID(bytes: try table.slice(offset + 16, 16)),
                name: String(decoding: units, as: UTF16.self),
                attributes: try table.u64le(offset + 48), range: first * sectorLength..<(last + 1) * sectorLength)
        }
    }
}
