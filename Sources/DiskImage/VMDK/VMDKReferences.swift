public import Extents

extension VMDK {
    /// Where QEMU looks for the text of a sparse file's parent (block/vmdk.c), whatever its header says.
    private static let parentText = (offset: UInt64(512), length: UInt64(20 * 512))
    /// QEMU reads no longer descriptor.
    private static let longestText: UInt64 = 1 << 20

    /// Names of other files that a program which opens this one opens as well: extents of a descriptor that is a file
    /// of its own, or that a sparse file without a capacity has, and the parent of a delta.
    /// - Throws: `FileError`, `ExtentError`.
    public static func references(_ file: ExtentList) throws -> [String] {
        let head = try bytes(file, at: 0, count: 512)
        switch head.prefix(4) {
        case let start where start.elementsEqual("KDMV".utf8):
            let header = ByteView(head, "VMDK header")
            var names = parents(in: try bytes(file, at: parentText.offset, count: parentText.length))
            // Without a capacity, QEMU takes the embedded descriptor for one that is a file of its own.
            if try head.count < 512 || header.u64le(12) == 0 {
                let first =
                    head.count < 512 ? 0 : try header.u64le(28).multipliedReportingOverflow(by: sector).partialValue
                let text = try bytes(file, at: first, count: longestText)
                names += extents(in: text) + parents(in: text)
            }
            return names
        case let start where start.elementsEqual("COWD".utf8):
            return parents(in: try bytes(file, at: parentText.offset, count: parentText.length))
        default:
            let text = try bytes(file, at: 0, count: longestText)
            return extents(in: text) + parents(in: text)
        }
    }

    private static func bytes(_ file: ExtentList, at offset: UInt64, count: UInt64) throws -> [UInt8] {
        guard offset < file.length else { return [] }
        return try file.bytes(at: offset, count: Int(min(count, file.length - offset)))
    }

    /// The quoted names behind a type: `RW 2048 FLAT "disk-flat.vmdk" 0`. Lines and pairs of quotes are not relied on:
    /// who reads them differently would see other names.
    private static func extents(in text: [UInt8]) -> [String] {
        text.indices.filter { text[$0] == UInt8(ascii: "\"") }.compactMap { quote in
            var end = quote
            while end > 0, isBlank(text[end - 1]) { end -= 1 }
            var start = end
            while start > 0, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(text[start - 1]) { start -= 1 }
            return start < end ? name(in: text[(quote + 1)...]) : nil
        }
    }

    /// `parentFileNameHint="parent.vmdk"`, as QEMU finds it: the first one, whose name begins two bytes behind the
    /// word.
    private static func parents(in text: [UInt8]) -> [String] {
        guard let found = text.firstRange(of: Array("parentFileNameHint".utf8)) else { return [] }
        let name = name(in: text[min(found.upperBound + 2, text.endIndex)...])
        return name.isEmpty ? [] : [name]
    }

    private static func name(in text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix { $0 != UInt8(ascii: "\"") && $0 != 0x0A && $0 != 0 }, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
