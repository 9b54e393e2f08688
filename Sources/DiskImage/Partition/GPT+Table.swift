public import Extents

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

        /// What is wrong with the first table when this is the one at the end of the disk; nil when it is the first.
        public let fault: String?

        /// Reads the first table, and when that is damaged the one at the end of the disk.
        /// - Throws: `DiskImageError` when there is none or both are damaged, then as the first is; `FileError`, `ExtentError`.
        public init(_ disk: ExtentList) throws {
            let sectors = disk.length / sectorLength
            guard sectors >= 2 else { throw DiskImageError("no GPT: only \(disk.length) bytes") }
            do {
                self = try Self(disk, at: 1, fault: nil)
            } catch let error where error is DiskImageError || error is ExtentError {
                guard let second = try? Self(disk, at: sectors - 1, fault: "\(error)") else { throw error }
                self = second
            }
        }

        /// The length in bytes that a disk has by its first header; nil when that is damaged.
        public static func length(of disk: ExtentList) -> UInt64? {
            guard let header = try? header(of: disk, at: 1), let last = try? header.u64le(32), last < 1 << 52 else { return nil }
            return (last + 1) * sectorLength
        }

        /// - Parameter sector: of the header.
        private init(_ disk: ExtentList, at sector: UInt64, fault: String?) throws {
            let header = try Self.header(of: disk, at: sector)
            self.disk = GUID(bytes: try header.slice(56, 16))
            self.fault = fault
            let (start, count, size) = (try header.u64le(72), Int(try header.u32le(80)), Int(try header.u32le(84)))
            guard (1...1024).contains(count), (128...4096).contains(size), size % 8 == 0 else {
                throw DiskImageError("GPT of \(count) entries of \(size) bytes, expected at most 1024 of 128 to 4096 bytes")
            }
            guard start < disk.length / sectorLength else { throw DiskImageError("GPT entries at LBA \(start), beyond the disk's end") }
            let table = ByteView(try disk.bytes(at: start * sectorLength, count: count * size), "GPT entries")
            guard try CRC32.of(table.bytes) == header.u32le(88) else {
                throw DiskImageError("GPT entries with a wrong checksum", hint: "the image is damaged")
            }
            entries = try (0..<count).compactMap { try Self.entry(table, $0, size, disk.length) }
        }

        private static func header(of disk: ExtentList, at sector: UInt64) throws -> ByteView {
            let place = sector * sectorLength
            let sector = ByteView(try disk.bytes(at: place, count: 512), "GPT header")
            guard sector.bytes.starts(with: Array("EFI PART".utf8)) else { throw DiskImageError("no GPT: no 'EFI PART' at byte \(place)") }
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
                throw DiskImageError("partition \(index + 1) from LBA \(first) to \(last) on a disk of \(length / sectorLength) sectors")
            }
            let units = try (0..<36).map { try table.u16le(offset + 56 + $0 * 2) }.prefix { $0 != 0 }
            return Entry(
                number: index + 1, type: type, guid: GUID(bytes: try table.slice(offset + 16, 16)),
                name: String(decoding: units, as: UTF16.self),
                attributes: try table.u64le(offset + 48), range: first * sectorLength..<(last + 1) * sectorLength)
        }
    }
}
