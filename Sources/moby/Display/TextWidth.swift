/// How many columns text takes on a terminal, and text cut to columns. For text without control characters.
enum TextWidth {
    /// Characters of two columns: East Asian Width W and F (Unicode Standard Annex 11), in blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// A character has the width of its base; marks over it take none.
    private static func of(_ character: Character) -> Int {
        guard let base = character.unicodeScalars.first else { return 0 }
        switch base.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return wide.contains { $0.contains(base.value) } ? 2 : 1
        }
    }

    /// Text of at most so many columns; a longer one loses its middle, for names differ at their ends.
    static func cut(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        let head = prefix(of: text, columns: (columns - 1) / 3)
        let tail = prefix(of: String(text.reversed()), columns: columns - 1 - of(head))
        return head + "…" + String(tail.reversed())
    }

    static func prefix(of text: String, columns: Int) -> String {
        var (result, rest) = ("", columns)
        for character in text {
            rest -= of(character)
            guard rest >= 0 else { break }
            result.append(character)
        }
        return result
    }

    /// Text filled with spaces to so many columns.
    static func padded(_ text: String, to columns: Int, onTheLeft: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, columns - of(text)))
        return onTheLeft ? space + text : text + space
    }
}
