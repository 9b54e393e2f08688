/// Foreign text, such as a container's output or a server's answer, as lines that are safe to show on a terminal.
package enum PlainLines {
    /// The lines of `bytes` without control characters and escape sequences; of a line that a carriage return
    /// overwrites, the last form. The last `limit` of them, when there is a limit.
    package static func lines(_ bytes: some Collection<UInt8>, limit: Int? = nil) -> [String] {
        let lines = Array(bytes).split(separator: 0x0A)
        return lines.suffix(limit ?? lines.count).map { line in
            let forms = line.split(separator: 0x0D)
            return text(forms.last ?? [])
        }
    }

    /// Text of one line, of those parts that are safe to show.
    package static func line(_ text: String) -> String { lines(text.utf8).joined(separator: " ") }

    /// ECMA-48: a control sequence is `ESC [`, parameters, and a final byte of 0x40 to 0x7E; a string is begun by `ESC`
    /// and one of `P X ] ^ _` and ended by BEL or `ESC \`; other escapes are `ESC`, intermediate bytes of 0x20 to 0x2F,
    /// and one more.
    private static func text(_ line: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        var rest = line
        while let byte = rest.popFirst() {
            if byte == 0x1B {
                skipSequence(&rest)
            } else if byte == 0x09 || byte >= 0x20 && byte != 0x7F {
                plain.append(byte)
            }
        }
        // C1 controls, which are two bytes in UTF-8, do on some terminals what ESC does.
        let safe = String(decoding: plain, as: UTF8.self).unicodeScalars.filter { !(0x80..<0xA0).contains($0.value) }
        return String(String.UnicodeScalarView(safe))
    }

    private static func skipSequence(_ rest: inout ArraySlice<UInt8>) {
        switch rest.popFirst() {
        case UInt8(ascii: "["):
            while let byte = rest.popFirst(), !(0x40...0x7E).contains(byte) {}
        case UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            while let byte = rest.popFirst(), byte != 0x07 {
                if byte == 0x1B {
                    _ = rest.popFirst()
                    return
                }
            }
        case let byte?:
            var last = byte
            while (0x20...0x2F).contains(last), let next = rest.popFirst() { last = next }
        case nil: break
        }
    }
}
