public import Extents

/// Unified kernel images (UAPI.5): an EFI stub with the kernel, its command line and its initrd as sections.
///
/// ```
/// headers of the stub, with four section headers more
/// sections of the stub
/// .osrel     os-release(5)
/// .cmdline   the command line
/// .linux     the kernel
/// .initrd    the initrd
/// ```
///
/// `.linux` and `.initrd` start at multiples of 4096 in the file, so that a file system which holds the image can give
/// them out as files. There are no gaps between sections, because Authenticode does not cover gaps.
public enum UKI {
    static let alignment: UInt64 = 4096

    /// A unified kernel image.
    public struct Image: Sendable {
        public let content: ExtentList
        /// Those of the stub, then `.osrel`, `.cmdline`, `.linux`, `.initrd`.
        public let sections: [PE.Section]

        /// The image with a signature at its end; see ``PE/signed(_:with:)``.
        public func signed(with key: SigningKey) async throws -> Image {
            Image(content: try await PE.signed(content, with: key), sections: sections)
        }

        /// The range of a section's data in the file.
        public func range(of name: String) -> Range<UInt64>? { sections.last { $0.name == name }?.range }
    }

    /// - Parameters:
    ///   - stub: e.g. systemd's `linuxx64.efi.stub`; its symbols and signatures are left out.
    ///   - osRelease: lines as of os-release(5).
    /// - Throws: `DiskImageError` when the stub is none or has no room, or when the image is too large.
    public static func image(
        stub: ExtentList, osRelease: String, commandLine: String, kernel: ExtentList, initrd: ExtentList
    ) throws -> Image {
        let headers = try PE.Headers(stub)
        let parts = [
            (".osrel", ExtentList(bytes: Array(osRelease.utf8))),
            (".cmdline", ExtentList(bytes: Array(commandLine.utf8))),
            (".linux", kernel), (".initrd", initrd),
        ]
        if let old = headers.sections.first(where: { section in parts.contains { $0.0 == section.name } }) {
            throw DiskImageError(
                "the EFI stub already has a section '\(old.name)'",
                hint: "give the plain stub, not a unified kernel image")
        }
        guard headers.end >= headers.length else {
            throw PE.Headers.error("sections up to \(headers.end), within the headers")
        }
        let (sections, size) = try layOut(parts, headers)
        var content = ExtentList(bytes: try patched(headers, sections, size))
        content.append(stub[headers.length..<headers.end])
        for (section, part) in zip(sections, parts) {
            content.pad(to: section.rawOffset)
            content.append(part.1)
            content.pad(to: section.rawOffset + section.rawSize)
        }
        return Image(content: content, sections: headers.sections + sections)
    }

    private static func layOut(_ parts: [(String, ExtentList)], _ headers: PE.Headers) throws -> (
        [PE.Section], size: UInt64
    ) {
        var offset = headers.end.rounded(to: headers.fileAlignment)
        var address =
            headers.sections.map { $0.virtualAddress + max($0.virtualSize, $0.rawSize) }.max() ?? headers.length
        var sections: [PE.Section] = []
        for (name, content) in parts {
            address = address.rounded(to: headers.sectionAlignment)
            let end = (offset + content.length).rounded(to: max(headers.fileAlignment, alignment))
            sections.append(
                PE.Section(
                    name: name, virtualAddress: address, virtualSize: content.length, rawOffset: offset,
                    rawSize: end - offset))
            address += end - offset
            offset = end
        }
        address = address.rounded(to: headers.sectionAlignment)
        guard max(address, offset) <= 0xFFFF_FFFF else {
            throw DiskImageError(
                "a unified kernel image of \(max(address, offset)) bytes, at most 4294967295 bytes (4 GiB - 1)",
                hint: "put less into the initrd, or choose a format for BIOS")
        }
        return (sections, address)
    }

    private static func patched(_ headers: PE.Headers, _ sections: [PE.Section], _ size: UInt64) throws -> [UInt8] {
        let table = headers.sectionTable + headers.sections.count * PE.sectionHeaderLength
        guard table + sections.count * PE.sectionHeaderLength <= headers.length else {
            let room = (Int(headers.length) - table) / PE.sectionHeaderLength
            throw DiskImageError(
                "the EFI stub has room for \(room) more sections, expected \(sections.count)", hint: "use another stub")
        }
        var bytes = headers.view.bytes
        func put(_ offset: Int, _ build: (inout ByteBuilder) -> Void) {
            var builder = ByteBuilder()
            build(&builder)
            bytes.replaceSubrange(offset..<offset + builder.count, with: builder.bytes)
        }
        put(headers.offset + 6) { $0.u16le(UInt16(headers.sections.count + sections.count)) }
        // The symbols are left out.
        put(headers.offset + 12) { $0.u64le(0) }
        put(headers.optionalHeader + 56) { $0.u32le(UInt32(size)) }
        put(headers.checksumOffset) { $0.u32le(0) }
        if let entry = headers.certificateEntry { put(entry) { $0.u64le(0) } }
        put(table) { builder in
            for section in sections {
                builder.ascii(section.name, padded: 8)
                for field in [section.virtualSize, section.virtualAddress, section.rawSize, section.rawOffset] {
                    builder.u32le(UInt32(field))
                }
                builder.fill(12)
                // Initialised data, readable.
                builder.u32le(0x4000_0040)
            }
        }
        return bytes
    }
}
