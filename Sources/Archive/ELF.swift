/// The parts of an ELF64 little-endian file that moby reads (System V ABI, chapters 4 and 5). Every offset is checked:
/// files come from images.
///
/// ```
/// 0x00  0x7f 'E' 'L' 'F', class 2 (64 bits), data 1 (little-endian)
/// 0x20  offset of the program headers (u64), 0x36 size of one (u16), 0x38 their number (u16)
/// 0x28  offset of the section headers (u64), 0x3a size of one (u16), 0x3c their number (u16),
/// 0x3e  index of the names' section (u16)
/// ```
public struct ELF: Sendable {
    private let bytes: [UInt8]

    /// - Returns: nil when the bytes are not an ELF64 little-endian file.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return nil }
        self.bytes = bytes
    }

    /// For which machine an ELF file of any class and byte order is: `e_machine`, and the bits of a word; nil for
    /// anything else.
    public static func target(_ bytes: some Collection<UInt8>) -> (machine: Int, bits: Int)? {
        let head = Array(bytes.prefix(20))
        guard head.count == 20, head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        let (first, second) = (Int(head[18]), Int(head[19]))
        return (head[5] == 2 ? first << 8 | second : second << 8 | first, head[4] == 1 ? 32 : 64)
    }

    /// The contents of the first section of this name.
    public func section(_ name: String) -> ArraySlice<UInt8>? {
        guard let table = u64(0x28), let size = u16(0x3a), let count = u16(0x3c), let namesIndex = u16(0x3e) else {
            return nil
        }
        func header(_ index: Int) -> Int? { offset(table, index, size) }
        guard let names = header(namesIndex).flatMap(contents(ofSectionAt:)) else { return nil }
        for index in 0..<count {
            guard let at = header(index), let start = u32(at) else { return nil }
            if string(in: names, at: start) == name { return contents(ofSectionAt: at) }
        }
        return nil
    }

    /// The dynamic loader that the program asks for (PT_INTERP).
    public var interpreter: String? {
        segments(ofType: 3).first.flatMap { string(in: $0, at: 0) }
    }

    /// Names of the shared libraries the file asks for (DT_NEEDED), in order.
    public var needed: [String] {
        guard let dynamic = segments(ofType: 2).first else { return [] }
        var names: [Int] = []
        var strings: ArraySlice<UInt8>?
        for at in stride(from: dynamic.startIndex, to: dynamic.endIndex - 15, by: 16) {
            guard let tag = u64(at), let value = u64(at + 8) else { break }
            if tag == 0 { break }
            if tag == 1 { names.append(value) }
            if tag == 5 { strings = fileRange(ofAddress: value) }
        }
        guard let strings else { return [] }
        return names.compactMap { string(in: strings, at: $0) }
    }

    private func contents(ofSectionAt header: Int) -> ArraySlice<UInt8>? {
        guard let type = u32(header + 4), type != 8, let start = u64(header + 0x18), let length = u64(header + 0x20)
        else { return nil }
        return slice(start, length)
    }

    private func segments(ofType wanted: Int) -> [ArraySlice<UInt8>] {
        programHeaders.filter { u32($0) == wanted }.compactMap { header in
            guard let start = u64(header + 8), let length = u64(header + 0x20) else { return nil }
            return slice(start, length)
        }
    }

    private var programHeaders: [Int] {
        guard let table = u64(0x20), let size = u16(0x36), let count = u16(0x38) else { return [] }
        return (0..<count).compactMap { offset(table, $0, size) }
    }

    /// The file from the byte that is loaded at an address to the end of its segment.
    private func fileRange(ofAddress address: Int) -> ArraySlice<UInt8>? {
        for header in programHeaders where u32(header) == 1 {
            guard let start = u64(header + 8), let base = u64(header + 0x10), let length = u64(header + 0x20) else {
                continue
            }
            if address >= base, address - base < length {
                return slice(start + (address - base), length - (address - base))
            }
        }
        return nil
    }

    private func slice(_ start: Int, _ length: Int) -> ArraySlice<UInt8>? {
        guard start <= bytes.count, length <= bytes.count - start else { return nil }
        return bytes[start..<start + length]
    }

    private func offset(_ table: Int, _ index: Int, _ size: Int) -> Int? {
        let (at, overflow) = table.addingReportingOverflow(index * size)
        return overflow || at > bytes.count ? nil : at
    }

    private func string(in table: ArraySlice<UInt8>, at offset: Int) -> String? {
        guard offset < table.count else { return nil }
        return String(decoding: table[(table.startIndex + offset)...].prefix { $0 != 0 }, as: UTF8.self)
    }

    private func u16(_ at: Int) -> Int? { number(at, 2) }
    private func u32(_ at: Int) -> Int? { number(at, 4) }
    private func u64(_ at: Int) -> Int? { number(at, 8) }

    /// A little-endian number; nil beyond the end of the file or above `Int.max`, which no offset can be.
    private func number(_ at: Int, _ width: Int) -> Int? {
        guard at >= 0, at <= bytes.count - width else { return nil }
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[at + index]) << (8 * UInt64(index)) }
        return Int(exactly: value)
    }
}
