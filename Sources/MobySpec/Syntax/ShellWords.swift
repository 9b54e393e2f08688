/// A command line taken apart as a shell does it, for hints: commands of a spec are lists, and no shell reads them.
enum ShellWords {
    /// Words between blanks; quotes hold blanks, and a backslash takes the next character as it is.
    static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var quote: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch (quote, scalar) {
            case (nil, " "), (nil, "\t"), (nil, "\n"):
                word.map { words.append(String($0)) }
                word = nil
            case (nil, "\""), (nil, "'"):
                quote = scalar
                if word == nil { word = String.UnicodeScalarView() }
            case (let open?, scalar) where open == scalar: quote = nil
            case (nil, "\\"), ("\"", "\\"): scalars.next().map { word.append($0) }
            default: word.append(scalar)
            }
        }
        word.map { words.append(String($0)) }
        return words
    }

    /// A list as one writes it in YAML; nil when that is too long for a hint.
    static func list(_ words: [String]) -> String? {
        let text = "[" + words.prefix(50).map { JSONValue.string($0).text(indent: 0) }.joined(separator: ", ") + "]"
        return words.count <= 50 && text.unicodeScalars.count <= 120 ? text : nil
    }
}

extension String.UnicodeScalarView? {
    fileprivate mutating func append(_ scalar: Unicode.Scalar) {
        if self == nil { self = String.UnicodeScalarView() }
        self?.append(scalar)
    }
}
