internal import Extents

/// One entry of a tar archive, before its name is looked at.
struct TarEntry {
    enum Content {
        case node(FileTree.Kind)
        case hardLink([UInt8])
    }

    let name: [UInt8]
    let content: Content
    let mode: UInt16
    let uid: UInt32
    let gid: UInt32
    let modified: Int64
    let attributes: [FileTree.Attribute]
}

/// The headers before an entry's contents, as far as libarchive passes over what other readers refuse: extended headers
/// (POSIX.1-2017, pax), then the header itself, then the map of a sparse file in GNU's forms.
struct TarHead {
    /// Whether there is a map: the contents are its pieces.
    private(set) var isSparse = false
    /// Bytes of contents that the archive holds.
    private(set) var stored: UInt64 = 0
    /// The first name in an extended header that has a NUL byte: readers that stop at it see another name.
    private(set) var nameWithNUL: [UInt8]?

    /// - Parameter bytes: from the first header to the contents.
    init(_ bytes: UnsafeRawBufferPointer) {
        var (offset, extendedSize) = (0, UInt64?.none)
        while offset + 512 <= bytes.count {
            let header = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 512])
            let size = Self.number(header[124..<136])
            offset += 512
            switch header[156] {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                let end = offset + Int(min(size, UInt64(bytes.count - offset)))
                readRecords(bytes[offset..<end], &extendedSize)
                fallthrough
            case UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "V"), UInt8(ascii: "A"):
                offset += (Int(min(size, UInt64(bytes.count))) + 511) & ~511
            default:
                if header[156] == UInt8(ascii: "S") {
                    isSparse = true
                    var more = header[482] != 0
                    while more, offset + 512 <= bytes.count {
                        more = bytes[offset + 504] != 0
                        offset += 512
                    }
                }
                // The rest before the contents is a map that counts as a part of them.
                let map = UInt64(max(0, bytes.count - offset))
                stored = max(extendedSize ?? size, map) - map
                return
            }
        }
    }

    /// Octal digits, or a binary number after a byte with its highest bit set (GNU).
    private static func number(_ field: Slice<UnsafeRawBufferPointer>) -> UInt64 {
        if let first = field.first, first & 0x80 != 0 {
            return field.dropFirst().suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        return field.drop { $0 == 0x20 }.prefix { (48...55).contains($0) }.reduce(0) { $0 << 3 | UInt64($1 - 48) }
    }

    /// Records `LENGTH KEY=VALUE\n`; anything else ends them, and libarchive has judged that.
    private mutating func readRecords(_ bytes: Slice<UnsafeRawBufferPointer>, _ size: inout UInt64?) {
        var rest = bytes
        while let space = rest.firstIndex(of: 0x20) {
            let digits = rest[rest.startIndex..<space]
            guard digits.count < 10, digits.allSatisfy({ $0.isASCIIDigit }) else { return }
            let length = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
            guard length > digits.count + 1, length <= rest.count else { return }
            let record = rest[rest.index(after: space)..<rest.startIndex + length]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return }
            let value = record[record.index(after: equals)...].dropLast()
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path", "linkpath", "uname", "gname":
                if value.contains(0), nameWithNUL == nil { nameWithNUL = Array(value) }
            case "size": size = value.reduce(0) { $1.isASCIIDigit ? ($0 &* 10) &+ UInt64($1 - 48) : $0 }
            case "GNU.sparse.name":
                isSparse = true
                if value.contains(0), nameWithNUL == nil { nameWithNUL = Array(value) }
            case let key where key.hasPrefix("GNU.sparse."): isSparse = true
            default: break
            }
        }
    }
}
