public import Extents

/// The modules that a Go program was linked from (Go's package debug/buildinfo): the section `.go.buildinfo` of an ELF
/// file.
///
/// ```
/// 0x00  0xff " Go buildinf:", 14 bytes
/// 0x0e  size of a pointer, 0x0f flags: bit 1 says that strings follow here (Go 1.18 and later)
/// 0x20  length (varint) and text of Go's version; length and text of the modules, which have 16 bytes before and
///       after them
/// ```
/// Files come from images: every length is bounded.
public struct GoBuildInfo: Sendable, Equatable {
    /// Go's version, e.g. `go1.19.8`.
    public let version: String
    /// The program's own module first.
    public let modules: [Module]

    public struct Module: Sendable, Equatable {
        public let path: String
        /// `(devel)` of a program that was built in a checkout.
        public let version: String
    }

    private static let magic = [UInt8(0xff)] + Array(" Go buildinf:".utf8)
    /// Of the section, in bytes: programs of 2000 modules have 200 kB.
    private static let limit = 4 << 20

    /// - Returns: nil for a section of another form, or of older Go versions.
    public init?(section bytes: [UInt8]) {
        guard bytes.starts(with: Self.magic), bytes.count > 32, bytes[15] & 2 != 0 else { return nil }
        var offset = 32
        guard let version = Self.text(bytes, &offset), let modules = Self.text(bytes, &offset) else { return nil }
        self.version = String(decoding: version, as: UTF8.self)
        let inner = modules.count >= 33 ? modules.dropFirst(16).dropLast(16) : []
        self.modules = Self.modules(String(decoding: inner, as: UTF8.self))
    }

    private static func modules(_ text: String) -> [Module] {
        var modules: [Module] = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, !fields[1].isEmpty else { continue }
            let module = Module(path: fields[1], version: fields[2])
            switch fields[0] {
            case "mod", "dep": modules.append(module)
            // What the line before asks for is replaced.
            case "=>" where !modules.isEmpty: modules[modules.count - 1] = module
            default: break
            }
        }
        return modules
    }

    private static func text(_ bytes: [UInt8], _ offset: inout Int) -> ArraySlice<UInt8>? {
        var (length, shift) = (0, 0)
        while true {
            guard offset < bytes.count, shift <= 28 else { return nil }
            let byte = bytes[offset]
            offset += 1
            length |= Int(byte & 0x7f) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard length <= bytes.count - offset else { return nil }
        defer { offset += length }
        return bytes[offset..<offset + length]
    }
}

extension GoBuildInfo {
    /// Reads only the tables of a file and this section.
    /// - Returns: nil for a file that is not a 64-bit little-endian ELF program of Go.
    /// - Throws: `FileError`, `ExtentError`.
    public init?(program file: ExtentList) throws {
        guard file.length >= 64 else { return nil }
        let head = try Self.bytes(of: file, 0, 64)
        guard head.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return nil }
        let (table, size, count, names) = (
            Self.number(head, 0x28, 8), Self.number(head, 0x3a, 2), Self.number(head, 0x3c, 2),
            Self.number(head, 0x3e, 2)
        )
        guard size >= 64, names < count else { return nil }
        let headers = try Self.bytes(of: file, table, size * count)
        guard headers.count == Int(size * count) else { return nil }
        func range(_ index: UInt64) -> (start: UInt64, length: UInt64) {
            let at = Int(index * size)
            return (Self.number(headers, at + 0x18, 8), Self.number(headers, at + 0x20, 8))
        }
        let texts = try Self.bytes(of: file, range(names).start, min(range(names).length, 1 << 20))
        for index in 0..<count {
            let name = Int(Self.number(headers, Int(index * size), 4))
            guard name < texts.count, texts[name...].prefix(while: { $0 != 0 }).elementsEqual(".go.buildinfo".utf8)
            else {
                continue
            }
            let (start, length) = range(index)
            self.init(section: try Self.bytes(of: file, start, min(length, UInt64(Self.limit))))
            return
        }
        return nil
    }

    /// Nothing beyond the end of the file.
    private static func bytes(of file: ExtentList, _ start: UInt64, _ length: UInt64) throws -> [UInt8] {
        guard start < file.length, length <= min(file.length - start, UInt64(limit)) else { return [] }
        return try file.bytes(at: start, count: Int(length))
    }

    private static func number(_ bytes: [UInt8], _ at: Int, _ width: Int) -> UInt64 {
        bytes[at..<at + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
