/// Keys, and plain and quoted scalars.
extension YAMLSubsetReader {
    /// Reads a key and its colon on one line.
    /// - Returns: nil when there is none; then the cursor is anywhere.
    mutating func key() throws(YAMLError) -> String? {
        let (start, first) = (offset, line)
        let text: String
        switch byte() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            text = try quoted()
            skipSpaces()
            guard line == first, byte() == UInt8(ascii: ":"), Self.isBlank(byte(1)) else { return nil }
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: ">"): return nil
        default:
            try checkFirst(inFlow: false)
            let end = plainEnd(inFlow: false)
            guard bytes.indices.contains(end), bytes[end] == UInt8(ascii: ":") else { return nil }
            text = trimmed(start, end)
            offset = end
        }
        guard offset - start <= Self.longestKey else { throw error("key longer than \(Self.longestKey) bytes") }
        offset += 1
        return text
    }

    /// Refuses what cannot begin a plain scalar.
    func checkFirst(inFlow: Bool) throws(YAMLError) {
        guard let byte = byte() else { throw error("a value is missing") }
        switch Unicode.Scalar(byte) {
        case "&": throw error("anchors are not supported")
        case "*": throw error("aliases are not supported")
        case "!": throw error("tags are not supported")
        case "?" where Self.isBlank(self.byte(1)) || inFlow: throw error("keys after '?' are not supported")
        case "-", ":", "?":
            guard !Self.isBlank(self.byte(1)), !(inFlow && (byte == 0x3A || Self.isFlowIndicator(self.byte(1)))) else {
                throw error("unexpected '\(Character(Unicode.Scalar(byte)))'")
            }
        case "%", "@", "`", ",", "]", "}", "#", "|", ">":
            throw error("a value cannot begin with '\(Character(Unicode.Scalar(byte)))'; use quotes")
        default: return
        }
    }

    static func isFlowIndicator(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return [",", "[", "]", "{", "}"].contains(Unicode.Scalar(byte))
    }

    /// What a colon before it makes libyaml stop at.
    private static func endsInFlow(_ byte: UInt8?) -> Bool { isFlowIndicator(byte) || byte == UInt8(ascii: "?") }

    /// Offset of the colon, comment, flow indicator or line break that ends a piece of a plain scalar.
    func plainEnd(inFlow: Bool) -> Int {
        var end = offset
        while end < bytes.count, bytes[end] != 0x0A {
            let next = end + 1 < bytes.count ? bytes[end + 1] : nil
            if bytes[end] == UInt8(ascii: ":"), Self.isBlank(next) || inFlow && Self.endsInFlow(next) { break }
            if bytes[end] == UInt8(ascii: "#"), end > offset, Self.isBlank(bytes[end - 1]) { break }
            if inFlow, Self.isFlowIndicator(bytes[end]) { break }
            end += 1
        }
        return end
    }

    /// The text between two offsets without white space at its end.
    func trimmed(_ start: Int, _ end: Int) -> String {
        var end = end
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// A plain scalar of one line or more.
    mutating func plain(below parent: Int) throws(YAMLError) -> String {
        try checkFirst(inFlow: false)
        var text = ""
        while true {
            let end = plainEnd(inFlow: false)
            text += trimmed(offset, end)
            offset = end
            switch byte() {
            case UInt8(ascii: ":"): throw error("unexpected ':'; use quotes around a value with ': '")
            case UInt8(ascii: "#"):
                // A comment ends it.
                offset -= 1
                try endNode()
                return text
            default: break
            }
            let breaks = try lineBreaks()
            guard !isAtEnd, column > parent, byte() != UInt8(ascii: "#") else {
                if byte() == UInt8(ascii: "#") { try nextLine() }
                return text
            }
            text += Self.folded(breaks)
        }
    }

    /// Goes to the next line that is not empty.
    /// - Returns: how many line breaks there were.
    private mutating func lineBreaks() throws(YAMLError) -> Int {
        var breaks = 0
        while byte() == 0x0A {
            newLine()
            breaks += 1
            while byte() == 0x20 { offset += 1 }
            if byte() == 0x09 { throw error("tab in the indentation; use spaces") }
        }
        return breaks
    }

    /// What line breaks within a scalar mean: one is a space, more are one fewer.
    static func folded(_ breaks: Int) -> String {
        breaks == 1 ? " " : String(repeating: "\n", count: max(breaks - 1, 0))
    }

    /// A scalar in single or double quotes.
    mutating func quoted() throws(YAMLError) -> String {
        let (mark, start) = (byte(), line)
        let isDouble = mark == UInt8(ascii: "\"")
        offset += 1
        var text: [UInt8] = []
        while true {
            guard let next = byte(), !isMarker() else {
                throw YAMLError(line: start, reason: "text in quotes without an end")
            }
            switch next {
            case mark:
                offset += 1
                guard !isDouble, byte() == mark else { return String(decoding: text, as: UTF8.self) }
                text.append(next)
                offset += 1
            case UInt8(ascii: "\\") where isDouble: text += try escape()
            case 0x20, 0x09, 0x0A: text += try quotedSpace()
            default:
                text.append(next)
                offset += 1
            }
        }
    }

    /// White space within quotes; around line breaks it is dropped.
    private mutating func quotedSpace() throws(YAMLError) -> [UInt8] {
        let start = offset
        skipSpaces()
        guard byte() == 0x0A else { return Array(bytes[start..<offset]) }
        return Array(Self.folded(try quotedBreaks()).utf8)
    }

    private mutating func quotedBreaks() throws(YAMLError) -> Int {
        var breaks = 0
        while byte() == 0x0A {
            newLine()
            breaks += 1
            guard !isMarker() else { throw error("text in quotes without an end") }
            skipSpaces()
        }
        return breaks
    }

    private static let escapes: [(Unicode.Scalar, UInt32)] = [
        ("0", 0), ("a", 7), ("b", 8), ("t", 9), ("\t", 9), ("n", 10), ("v", 11), ("f", 12), ("r", 13), ("e", 27),
        (" ", 32), ("\"", 34), ("/", 47), ("\\", 92), ("N", 0x85), ("_", 0xA0), ("L", 0x2028), ("P", 0x2029),
    ]

    /// What a backslash begins (YAML 1.1, 5.6).
    private mutating func escape() throws(YAMLError) -> [UInt8] {
        offset += 1
        guard let letter = byte() else { throw error("text ends in an escape") }
        if letter == 0x0A {
            let breaks = try quotedBreaks()
            return [UInt8](repeating: 0x0A, count: breaks - 1)
        }
        offset += 1
        let value: UInt32
        switch Unicode.Scalar(letter) {
        case "x": value = try digits(2)
        case "u": value = try digits(4)
        case "U": value = try digits(8)
        default:
            guard let known = Self.escapes.first(where: { $0.0 == Unicode.Scalar(letter) }) else {
                throw error("unknown escape '\\\(Character(Unicode.Scalar(letter)))'")
            }
            value = known.1
        }
        guard let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else {
            throw error("escape of an invalid character")
        }
        return Array(encoded)
    }

    private mutating func digits(_ count: Int) throws(YAMLError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let byte = byte(), byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("malformed escape")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
