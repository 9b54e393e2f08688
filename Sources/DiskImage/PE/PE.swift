public import Extents

/// Portable executables, as UEFI loads them: "PE Format" of Microsoft, sections "COFF File Header" to "Section Table".
///
/// ```
/// 0       "MZ"; 0x3C: where the PE header is
/// pe      "PE\0\0"; +4 machine, +6 sections, +12 symbol table, +16 symbols, +20 length of the optional header
/// pe+24   optional header: magic 0x20B (PE32+) or 0x10B (PE32); +32 section alignment, +36 file alignment,
///         +56 size of the image, +60 length of all headers, +64 checksum;
///         +112 (PE32: +96) data directories of 8 bytes, number 4 the certificate table
/// then    section headers of 40 bytes: name[8], virtual size, virtual address, raw size, raw offset, 12 bytes,
///         +36 characteristics
/// ```
public enum PE {
    static let sectionHeaderLength = 40
    /// Section headers that are looked at: the Windows loader's limit.
    static let sectionLimit = 96

    /// A section by its header. The numbers are in bytes.
    public struct Section: Sendable, Equatable {
        public let name: String
        public let virtualAddress: UInt64
        public let virtualSize: UInt64
        public let rawOffset: UInt64
        public let rawSize: UInt64

        /// The range of its data in the file: the shorter of both sizes.
        public var range: Range<UInt64> { rawOffset..<rawOffset + min(virtualSize, rawSize) }
    }
}

extension PE {
    /// The headers of an executable, checked against its length.
    public struct Headers: Sendable {
        /// Everything before the first section.
        let view: ByteView
        /// Offset of "PE\0\0".
        let offset: Int
        /// E.g. 0x8664 for x86-64, 0xAA64 for ARM64.
        public let machine: UInt16
        public let sections: [Section]
        let isPlus: Bool
        let sectionAlignment: UInt64
        let fileAlignment: UInt64
        /// The range of the certificate table in the file, when there is one.
        public let certificates: Range<UInt64>?

        /// Length of all headers, in bytes.
        var length: UInt64 { UInt64(view.bytes.count) }
        var optionalHeader: Int { offset + 24 }
        var checksumOffset: Int { optionalHeader + 64 }
        /// Offset of the data directory entry of the certificate table; nil when there is none.
        let certificateEntry: Int?
        let sectionTable: Int
        /// Where the data of the last section end.
        public var end: UInt64 { sections.map { $0.rawSize == 0 ? 0 : $0.rawOffset + $0.rawSize }.max() ?? length }

        /// - Parameter isWhole: false for a file that may be truncated: data beyond its end are not an error.
        /// - Throws: `DiskImageError` for anything but an executable; `FileError`, `ExtentError`.
        public init(_ file: ExtentList, isWhole: Bool = true) throws {
            let limit = isWhole ? file.length : .max
            let start = ByteView(try file.bytes(at: 0, count: Int(min(file.length, 4096))), "PE")
            guard start.bytes.starts(with: Array("MZ".utf8)) else { throw Self.error("no 'MZ' at its start") }
            let offset = Int(try start.u32le(0x3C))
            guard offset <= 3072 else { throw Self.error("the PE header at \(offset), expected at most 3072") }
            guard try start.slice(offset, 4) == Array("PE\0\0".utf8) else { throw Self.error("no 'PE' at \(offset)") }
            let magic = try start.u16le(offset + 24)
            guard magic == 0x20B || magic == 0x10B else {
                throw Self.error("magic 0x\(String(magic, radix: 16)) of the optional header, expected 0x20b or 0x10b")
            }
            let length = UInt64(try start.u32le(offset + 24 + 60))
            guard length <= min(file.length, 1 << 16) else {
                throw Self.error("headers of \(length) bytes in \(file.length) bytes")
            }
            view = ByteView(try file.bytes(at: 0, count: Int(length)), "PE header")
            self.offset = offset
            isPlus = magic == 0x20B
            machine = try view.u16le(offset + 4)
            sectionTable = offset + 24 + Int(try view.u16le(offset + 20))
            sectionAlignment = UInt64(try view.u32le(offset + 24 + 32))
            fileAlignment = UInt64(try view.u32le(offset + 24 + 36))
            guard [fileAlignment, sectionAlignment].allSatisfy({ $0.nonzeroBitCount == 1 && $0 <= 1 << 20 }) else {
                throw Self.error("alignment of \(fileAlignment) and \(sectionAlignment) bytes, expected powers of 2")
            }
            sections = try Self.sections(view, at: sectionTable, count: Int(try view.u16le(offset + 6)), limit)
            let directories = offset + 24 + (isPlus ? 112 : 96)
            let hasEntry = try view.u32le(directories - 4) > 4 && directories + 40 <= sectionTable
            certificateEntry = hasEntry ? directories + 32 : nil
            certificates = hasEntry ? try Self.certificates(view, at: directories + 32, limit) : nil
        }

        private static func sections(_ view: ByteView, at table: Int, count: Int, _ length: UInt64) throws -> [Section]
        {
            guard count <= sectionLimit else { throw error("\(count) sections, expected at most \(sectionLimit)") }
            return try (0..<count).map { index in
                let offset = table + index * sectionHeaderLength
                let name = try view.slice(offset, 8).prefix { $0 != 0 }
                let section = Section(
                    name: String(decoding: name, as: UTF8.self), virtualAddress: UInt64(try view.u32le(offset + 12)),
                    virtualSize: UInt64(try view.u32le(offset + 8)), rawOffset: UInt64(try view.u32le(offset + 20)),
                    rawSize: UInt64(try view.u32le(offset + 16)))
                guard section.rawSize == 0 || section.rawOffset + section.rawSize <= length else {
                    throw error(
                        "section '\(section.name)' ends at \(section.rawOffset + section.rawSize) of \(length) bytes")
                }
                return section
            }
        }

        private static func certificates(_ view: ByteView, at entry: Int, _ length: UInt64) throws -> Range<UInt64>? {
            let (start, size) = (UInt64(try view.u32le(entry)), UInt64(try view.u32le(entry + 4)))
            guard size > 0 else { return nil }
            guard start + size <= length else { throw error("certificates up to \(start + size) of \(length) bytes") }
            return start..<start + size
        }

        static func error(_ what: String) -> DiskImageError {
            DiskImageError("not a usable EFI executable (PE): \(what)")
        }
    }
}
