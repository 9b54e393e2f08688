/// Portable executables, as UEFI loads them: "PE Format" of Microsoft, sections "COFF File Header" to "Section Table".
///
/// ```
/// 0       "MZ"; 0x3C: where the PE header is
/// pe      "PE\0\0"; +4 machine, +6 sections, +12 symbol table, +16 symbols, +20 length of the optional header
/// pe+24   optional header: magic 0x20B (PE32+) or 0x10B (PE32); +32 section alignment, +36 file alignment, +56 size of the image,
///         +60 length of all headers, +64 checksum; +112 (PE32: +96) data directories of 8 bytes, number 4 the certificate table
/// then    section headers of 40 bytes: name[8], virtual size, virtual address, raw size, raw offset, 12 bytes, +36 characteristics
/// ```
public enum PE {
    static let sectionHeaderLength = 40
    /// Section headers that are looked at: the Windows loader's limit.
    static let sectionLimit = 96

    /// A section as its header tells of it. The numbers are in bytes.
    public struct Section: Sendable, Equatable {
        public let name: String
        public let virtualAddress: UInt64
        public let virtualSize: UInt64
        public let rawOffset: UInt64
        public let rawSize: UInt64

        /// Where the data lie in the file: the shorter of both sizes.
        public var range: Range<UInt64> { rawOffset..<rawOffset + min(virtualSize, rawSize) }
    }
}
