/// Patterns of texts.
public enum Wildcard {
    private enum Token {
        case byte(UInt8)
        /// Any run of characters, or of those but the separator.
        case run(crosses: Bool)
    }

    /// Whether a pattern is all of a text. Without a separator `*` is any run of characters; with one, `*` is any run of
    /// other characters and `**` any run.
    public static func matches(_ pattern: String, _ text: String, separator: Character? = nil) -> Bool {
        let (tokens, separator) = (tokens(pattern, separator), separator?.asciiValue)
        // The positions in the pattern that the text so far can have led to.
        var positions = closure([0], tokens)
        for byte in text.utf8 {
            let next = positions.flatMap { position -> [Int] in
                guard position < tokens.count else { return [] }
                switch tokens[position] {
                case .byte(let wanted): return wanted == byte ? [position + 1] : []
                case .run(let crosses): return crosses || byte != separator ? [position] : []
                }
            }
            positions = closure(Set(next), tokens)
        }
        return positions.contains(tokens.count)
    }

    private static func tokens(_ pattern: String, _ separator: Character?) -> [Token] {
        let star = UInt8(ascii: "*")
        var tokens: [Token] = []
        var rest = Array(pattern.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == star else {
                tokens.append(.byte(byte))
                continue
            }
            let stars = 1 + rest.prefix { $0 == star }.count
            rest = rest.dropFirst(stars - 1)
            tokens.append(.run(crosses: separator == nil || stars > 1))
        }
        return tokens
    }

    /// With the positions after runs, which may be empty.
    private static func closure(_ positions: Set<Int>, _ tokens: [Token]) -> Set<Int> {
        var all = positions
        for var position in positions {
            while position < tokens.count, case .run = tokens[position] {
                position += 1
                all.insert(position)
            }
        }
        return all
    }
}
