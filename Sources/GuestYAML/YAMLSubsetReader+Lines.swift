/// The cursor: characters, lines, indentation and comments.
extension YAMLSubsetReader {
    /// Bytes from the start of the line.
    var column: Int { offset - lineStart }

    /// The byte some bytes ahead; nil at the end.
    func byte(_ ahead: Int = 0) -> UInt8? { offset + ahead < bytes.count ? bytes[offset + ahead] : nil }

    /// Whether a byte is a space, a tab, a line break, or the end.
    static func isBlank(_ byte: UInt8?) -> Bool {
        guard let byte else { return true }
        return byte == 0x20 || byte == 0x09 || byte == 0x0A
    }

    /// Whether the cursor is at an indicator such as `-`, with white space after it.
    func isIndicator(_ character: Unicode.Scalar) -> Bool {
        byte() == UInt8(ascii: character) && Self.isBlank(byte(1))
    }

    /// Whether the cursor is at `---` or `...`, which separate documents.
    func isMarker(_ text: StaticString? = nil) -> Bool {
        guard column == 0, let first = byte(), first == UInt8(ascii: "-") || first == UInt8(ascii: "."),
            byte(1) == first, byte(2) == first, Self.isBlank(byte(3))
        else {
            return false
        }
        return text.map { $0.utf8Start.pointee == first } ?? true
    }

    /// At the end of the document.
    var isAtEnd: Bool { offset >= bytes.count || isMarker() }

    mutating func newLine() {
        offset += 1
        line += 1
        lineStart = offset
    }

    /// Goes from a line's start to the next line with content.
    mutating func nextLine() throws(YAMLError) {
        while true {
            while byte() == 0x20 { offset += 1 }
            switch byte() {
            case 0x09: throw error("tab in the indentation; use spaces")
            case 0x0A: newLine()
            case UInt8(ascii: "#"): skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() {
        while let byte = byte(), byte != 0x0A { offset += 1 }
    }

    mutating func skipSpaces() {
        while byte() == 0x20 || byte() == 0x09 { offset += 1 }
    }

    /// Goes to the next line's start. There may be a comment.
    mutating func endLine() throws(YAMLError) {
        let start = offset
        skipSpaces()
        if byte() == UInt8(ascii: "#"), offset > start { skipComment() }
        guard let byte = byte() else { return }
        guard byte == 0x0A else { throw error("unexpected text after the value") }
        newLine()
    }

    /// After the last character of a node.
    mutating func endNode() throws(YAMLError) {
        try endLine()
        try nextLine()
    }

    /// Goes to the text after an indicator, on its line or on the next one with content.
    /// - Returns: whether it is on another line.
    mutating func skipToText() throws(YAMLError) -> Bool {
        while byte() == 0x20 { offset += 1 }
        if byte() == 0x09 { throw error("tab after an indicator; use spaces") }
        guard byte() == nil || byte() == 0x0A || byte() == UInt8(ascii: "#") else { return false }
        if byte() == UInt8(ascii: "#") { skipComment() }
        try endNode()
        return true
    }
}

/// The characters of a document.
enum YAMLText {
    /// UTF-8 with line feeds as line breaks, without a byte order mark.
    static func checked(_ bytes: [UInt8]) throws(YAMLError) -> [UInt8] {
        let rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: rest, as: UTF8.self) else {
            throw YAMLError(line: 1, reason: "not UTF-8")
        }
        var (clean, line): ([UInt8], Int) = ([], 1)
        clean.reserveCapacity(rest.count)
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            guard !isAfterReturn || scalar == "\n" else { throw YAMLError(line: line, reason: "carriage return") }
            isAfterReturn = scalar == "\r"
            if isAfterReturn { continue }
            guard isPrintable(scalar.value) else {
                throw YAMLError(line: line, reason: "character U+\(String(scalar.value, radix: 16, uppercase: true))")
            }
            if scalar == "\n" { line += 1 }
            clean += UTF8.encode(scalar).map { Array($0) } ?? []
        }
        guard !isAfterReturn else { throw YAMLError(line: line, reason: "carriage return") }
        return clean
    }

    /// YAML 1.1, 5.1, without the line breaks NEL, LS and PS.
    private static func isPrintable(_ value: UInt32) -> Bool {
        switch value {
        case 0x09, 0x0A, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD,
            0x10000...0x10FFFF:
            true
        default: false
        }
    }
}
