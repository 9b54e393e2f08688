internal import Glibc

/// Splits the output of a console into lines, without carriage returns. A line that does not end is cut at a limit, so
/// that a guest cannot take this host's memory.
struct LineSplitter {
    /// The most bytes of one line.
    static let limit = 4096

    /// The last line, while it has no end: a prompt.
    private(set) var open: [UInt8] = []

    /// Takes the next bytes and hands on the lines that ended.
    mutating func take(_ bytes: ArraySlice<UInt8>, _ line: ([UInt8]) -> Void) {
        for byte in bytes {
            switch byte {
            case 0x0A: end(line)
            case 0x0D: break
            default:
                if open.count == Self.limit { end(line) }
                open.append(byte)
            }
        }
    }

    private mutating func end(_ line: ([UInt8]) -> Void) {
        line(open)
        open.removeAll(keepingCapacity: true)
    }

    /// Text without terminal control sequences (ECMA-48: CSI, OSC and two-byte escapes): what a person sees.
    static func plain(_ bytes: [UInt8]) -> String {
        guard bytes.contains(0x1B) else { return String(decoding: bytes, as: UTF8.self) }
        var text: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x1B else {
                text.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "["):
                while let next = rest.popFirst(), !(0x40...0x7E).contains(next) {}
            case UInt8(ascii: "]"):
                while let next = rest.popFirst(), next != 0x07 {
                    if next == 0x1B {
                        _ = rest.popFirst()
                        break
                    }
                }
            case UInt8(ascii: "("), UInt8(ascii: ")"): _ = rest.popFirst()
            default: break
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
