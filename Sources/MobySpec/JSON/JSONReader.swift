internal import Extents

/// Reads JSON (RFC 8259) into the same tree as YAML, with places. YAML 1.1 lacks JSON's `\ud83d\ude00` and its tabs
/// between things.
struct JSONReader {
    private struct Failure: Error {
        var problem: String
    }

    private static let depthLimit = 64

    private let scalars: String.UnicodeScalarView
    private var index: String.Index
    private let file: String
    private var line = 1
    private var column = 1
    private(set) var faults: [Diagnostic] = []

    private init(_ text: String, file: String) {
        scalars = text.unicodeScalars
        index = scalars.startIndex
        self.file = file
    }

    /// - Returns: nil when the text is not one JSON object or array and nothing else; YAML may still know what it is.
    static func read(_ text: String, file: String, _ faults: inout [Diagnostic]) -> Node? {
        guard let first = text.unicodeScalars.first(where: { !isSpace($0) && $0 != "\u{FEFF}" }),
            first == "{" || first == "[",
            text.utf8.count <= YAMLReader.sizeLimit
        else { return nil }
        var reader = JSONReader(text, file: file)
        guard let node = try? reader.document() else { return nil }
        faults += reader.faults
        return node
    }

    /// - Throws: `Diagnostic` where the text is not JSON.
    static func parse(_ text: String) throws(Diagnostic) -> Node {
        var reader = JSONReader(text, file: "JSON")
        let node: Node
        do { node = try reader.document() } catch {
            throw Diagnostic(at: reader.location, "not JSON: \((error as? Failure)?.problem ?? "\(error)")")
        }
        if let fault = reader.faults.first { throw fault }
        return node
    }

    private var location: SourceLocation { SourceLocation(file: file, line: line, column: column) }
    private var next: Unicode.Scalar? { index < scalars.endIndex ? scalars[index] : nil }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    @discardableResult
    private mutating func take() -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        index = scalars.index(after: index)
        let isBreak = scalar == "\n" || scalar == "\r" && next != "\n"
        (line, column) = isBreak ? (line + 1, 1) : (line, column + 1)
        return scalar
    }

    private mutating func expect(_ scalar: Unicode.Scalar) throws {
        guard next == scalar else { throw Failure(problem: "expected '\(scalar)'") }
        take()
    }

    private mutating func skipSpace() {
        while let scalar = next, Self.isSpace(scalar) { take() }
    }

    private mutating func document() throws -> Node {
        if next == "\u{FEFF}" { index = scalars.index(after: index) }
        skipSpace()
        let node = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw Failure(problem: "expected the end of the text") }
        return node
    }

    private mutating func value(depth: Int) throws -> Node {
        guard depth < Self.depthLimit else {
            throw Failure(problem: "lists and objects are nested more than \(Self.depthLimit) levels deep")
        }
        let place = location
        switch next {
        case "{": return Node(content: .mapping(try members(depth: depth)), location: place)
        case "[": return Node(content: .sequence(try items(depth: depth)), location: place)
        case "\"": return Node(content: .scalar(Scalar(try string())), location: place)
        default: return Node(content: .scalar(try literal()), location: place)
        }
    }

    private mutating func members(depth: Int) throws -> [Node.Pair] {
        var members = MappingMembers()
        try separated("{", "}") { reader in
            let place = reader.location
            let key = Node(content: .scalar(Scalar(try reader.string())), location: place)
            reader.skipSpace()
            try reader.expect(":")
            reader.skipSpace()
            let value = try reader.value(depth: depth + 1)
            if let fault = members.add(key, value, at: place, mayMerge: false) { reader.faults.append(fault) }
        }
        return members.pairs
    }

    private mutating func items(depth: Int) throws -> [Node] {
        var items: [Node] = []
        try separated("[", "]") { reader in items.append(try reader.value(depth: depth + 1)) }
        return items
    }

    private mutating func separated(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ item: (inout JSONReader) throws -> Void
    ) throws {
        try expect(open)
        skipSpace()
        if next == close {
            take()
            return
        }
        while true {
            skipSpace()
            try item(&self)
            skipSpace()
            if next == close { break }
            guard next == "," else { throw Failure(problem: "expected ',' or '\(close)'") }
            take()
        }
        take()
    }

    /// `true`, `false`, `null`, or a number.
    private mutating func literal() throws -> Scalar {
        var text = ""
        while let scalar = next, !Self.isSpace(scalar), !",]}:".unicodeScalars.contains(scalar), text.utf8.count < 64 {
            text.unicodeScalars.append(scalar)
            take()
        }
        switch text {
        case "true", "false", "null": return .plain(text)
        default:
            guard Self.isNumber(text) else {
                throw Failure(
                    problem: text.isEmpty ? "a value is missing" : "'\(PlainText.short(text))' is not a valid value")
            }
            return Int64(text).map { Scalar(text, .integer($0)) } ?? Scalar(text, .float(Double(text) ?? .nan))
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let count = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let first = rest.first, first | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private mutating func string() throws -> String {
        guard next == "\"" else { throw Failure(problem: "expected a string in double quotes") }
        take()
        var text = String.UnicodeScalarView()
        while let scalar = take() {
            switch scalar {
            case "\"": return String(text)
            case "\\": text.append(try escape())
            case "\u{0}"..<"\u{20}": throw Failure(problem: "a control character in a string; write \\n, \\t or \\u…")
            default: text.append(scalar)
            }
        }
        throw Failure(problem: "unterminated string")
    }

    private mutating func escape() throws -> Unicode.Scalar {
        switch take() {
        case "\""?: return "\""
        case "\\"?: return "\\"
        case "/"?: return "/"
        case "b"?: return "\u{8}"
        case "f"?: return "\u{C}"
        case "n"?: return "\n"
        case "r"?: return "\r"
        case "t"?: return "\t"
        case "u"?: return try unicode()
        default: throw Failure(problem: "unknown escape in a string")
        }
    }

    /// Half of a surrogate pair without the other is U+FFFD, as Go and Swift have it.
    private mutating func unicode() throws -> Unicode.Scalar {
        let first = try fourDigits()
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let mark = (index, line, column)
        if next == "\\" {
            take()
            if next == "u" {
                take()
                let second = try fourDigits()
                if (0xDC00...0xDFFF).contains(second) {
                    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
                }
            }
        }
        (index, line, column) = mark
        return "\u{FFFD}"
    }

    private mutating func fourDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let scalar = take(), let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
                throw Failure(problem: "expected four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
