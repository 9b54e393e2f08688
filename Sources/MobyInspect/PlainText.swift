/// Text of an artifact as it may go to a terminal: control characters, and what is not UTF-8 or changes the direction of writing, become
/// escapes such as `\x1b` or `\u{202e}`.
public enum PlainText {
    public static func of(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        var (result, decoder, iterator) = ("", UTF8(), bytes.makeIterator())
        // A fault of one byte or more shows as the bytes, so that different names stay different.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return bytes.map { (0x20..<0x7F).contains($0) && $0 != 0x5C ? String(Unicode.Scalar($0)) : escape($0) }.joined()
        }
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { append(scalar, to: &result) }
        return result
    }

    public static func of(_ text: String) -> String { of(Array(text.utf8)) }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
            result += scalar.value < 0x80 ? escape(UInt8(scalar.value)) : "\\u{\(String(scalar.value, radix: 16))}"
        default:
            // The escape character itself is doubled, so that no name looks like an escaped one.
            result += scalar == "\\" ? "\\\\" : String(scalar)
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        byte == 0x5C ? "\\\\" : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
