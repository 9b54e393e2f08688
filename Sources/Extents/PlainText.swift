/// Foreign text made fit for a terminal and a message: control characters, and characters that change the direction of
/// writing, become escapes such as `\x1b` or `\u{202e}`.
public enum PlainText {
    /// Names in full, reversibly: the backslash is doubled, so that no name looks like an escaped one.
    public static func of(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        var (result, decoder, iterator) = ("", UTF8(), bytes.makeIterator())
        // An error of one byte or more shows as the bytes, so that different names stay different.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return bytes.map { (0x20..<0x7F).contains($0) && $0 != 0x5C ? String(Unicode.Scalar($0)) : escape($0) }
                .joined()
        }
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            result += scalar == "\\" ? "\\\\" : escaped(scalar)
        }
        return result
    }

    public static func of(_ text: String) -> String { of(Array(text.utf8)) }

    /// Text to quote in a message: escaped, and cut to `limit` characters with an ellipsis.
    public static func short(_ text: some StringProtocol, limit: Int = 100) -> String {
        // A character of many scalars must not get around the limit.
        let scalars = text.unicodeScalars.prefix(limit + 1)
        return scalars.prefix(limit).map(escaped).joined() + (scalars.count > limit ? "…" : "")
    }

    /// Prose of a server or another program as one line: line breaks and runs of white space become one space, at most
    /// 200 characters.
    public static func line(_ text: some StringProtocol) -> String {
        short(text.prefix(4096).split { $0.isWhitespace || $0 == "\0" }.joined(separator: " "), limit: 200)
    }

    /// Text of several lines for the terminal: line breaks and tabs stay, all other control characters are escaped.
    public static func lines(_ text: String) -> String {
        text.unicodeScalars.map { $0 == "\n" || $0 == "\t" ? String($0) : escaped($0) }.joined()
    }

    /// Whether a character is shown as an escape.
    public static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: true
        default: false
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        guard isEscaped(scalar) else { return String(scalar) }
        return scalar.value < 0x80 ? escape(UInt8(scalar.value)) : "\\u{\(String(scalar.value, radix: 16))}"
    }

    private static func escape(_ byte: UInt8) -> String {
        byte == 0x5C ? "\\\\" : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// Numbers of bytes for people.
public enum SizeText {
    /// `12.3 MB`, in powers of ten as disks and networks are sold.
    public static func decimal(_ bytes: UInt64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(decimals(value, value < 10 ? 2 : 1)) \(units[unit])"
    }

    /// `12.3 MB (12,345,678 bytes)`; small numbers as they are.
    public static func exact(_ bytes: UInt64) -> String {
        if bytes == 1 { return "1 byte" }
        return bytes < 10_000 ? "\(grouped(bytes)) bytes" : "\(decimal(bytes)) (\(grouped(bytes)) bytes)"
    }

    /// A whole number with its thousands grouped, as `12,345`.
    public static func grouped(_ number: some FixedWidthInteger & UnsignedInteger) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            let isGroup = index > 0 && (digits.count - index).isMultiple(of: 3)
            return (isGroup ? "," : "") + String(digits[index])
        }.joined()
    }

    /// A number that is not negative, rounded to so many decimals.
    public static func decimals(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { factor, _ in factor * 10 }
        let whole = UInt64((value * scale).rounded())
        let fraction = String(whole % UInt64(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(whole / UInt64(scale)).\(zeros)\(fraction)"
    }
}

/// Classes of ASCII characters.
extension Character {
    public var isASCIIDigit: Bool { asciiValue?.isASCIIDigit ?? false }
    public var isASCIILetter: Bool { asciiValue?.isASCIILetter ?? false }
    public var isASCIILowercase: Bool { asciiValue?.isASCIILowercase ?? false }
}

extension UInt8 {
    public var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
    public var isASCIIUppercase: Bool { (0x41...0x5A).contains(self) }
    public var isASCIILowercase: Bool { (0x61...0x7A).contains(self) }
    public var isASCIILetter: Bool { (self | 0x20).isASCIILowercase }
    /// A digit, or a letter up to `f`.
    public var isHexDigit: Bool { isASCIIDigit || (0x61...0x66).contains(self | 0x20) }
    /// A digit, or `a` to `f`.
    public var isLowercaseHexDigit: Bool { isASCIIDigit || (0x61...0x66).contains(self) }
}

extension String {
    /// Without spaces, tabs and line ends at both ends.
    package func trimmingWhitespace() -> String {
        let isBlank = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
