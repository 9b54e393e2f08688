internal import Extents
internal import JSON

/// Why a value of the right type is invalid. The message continues the name of the value: `is 'x', expected y`.
public struct SyntaxError: Error, Equatable, Sendable {
    public var message: String
    public var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The error at a location.
    /// - Parameter name: of the value.
    public func diagnostic(_ name: String, at location: SourceLocation?) -> Diagnostic {
        Diagnostic(at: location, "\(name) \(message)", hint: hint)
    }
}

/// The kernel's command line.
enum CommandLineText {
    /// A line break at the end, as `|` and `>` of YAML leave it, makes no difference.
    static func check(_ text: String) -> SyntaxError? {
        let line = text.last?.isNewline == true ? text.dropLast() : text[...]
        if line.contains(where: \.isNewline) {
            return SyntaxError(
                "has several lines, expected one", hint: "write '>' instead of '|': it joins the lines")
        }
        guard line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return nil }
        return SyntaxError("contains a control character")
    }
}

/// Sizes as people write them, for hints: `100M`, `1.5 GiB`, `64kB`. Units are powers of 1024, as for Docker's limits.
enum ByteSize {
    /// - Returns: the number of bytes; nil for a text that has no unit or is not a size.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCIIDigit || $0 == "." }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()[...]
        if unit.count > 1, unit.hasSuffix("b") { unit = unit.dropLast() }
        if unit.count > 1, unit.hasSuffix("i") { unit = unit.dropLast() }
        guard let power = ["b", "k", "m", "g", "t"].firstIndex(of: unit), let number = Double(digits) else {
            return nil
        }
        let bytes = number * Double(1 << (10 * UInt64(power)))
        return bytes < Double(Int64.max) ? Int64(bytes) : nil
    }
}

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
