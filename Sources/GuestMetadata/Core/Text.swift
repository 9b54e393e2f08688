/// Small texts without Foundation.
enum Text {
    /// Without white space around it.
    static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace || scalar == "\0" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }), let last = scalars.lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(text[first...last])
    }

    static func trimmed(_ bytes: some Sequence<UInt8>) -> String { trimmed(String(decoding: Array(bytes), as: UTF8.self)) }

    /// Lines without white space around them; empty ones are left out.
    static func lines(_ text: String) -> [String] {
        text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }
}
