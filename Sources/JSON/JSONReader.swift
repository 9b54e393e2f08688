/// Why a text is not the JSON that was expected.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What was found or missing.
    public var reason: String
    /// Offset of the error in bytes; nil when the text is JSON, but not the values that were expected.
    public var offset: Int?

    public init(_ reason: String, at offset: Int? = nil) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        guard let offset else { return reason }
        return "\(reason) at byte \(offset)"
    }
}

/// What ``JSONReader`` makes of a text: plain values, or nodes that know their position.
public protocol JSONBuilder {
    associatedtype Value
    associatedtype Position

    /// The position of the value or key at a byte offset; offsets only grow.
    mutating func position(_ offset: Int) -> Position
    /// - Parameter value: not an array or object.
    mutating func scalar(_ value: JSONValue, at position: Position) -> Value
    mutating func array(_ elements: [Value], at position: Position) -> Value
    mutating func object(_ members: [(key: String, position: Position, value: Value)], at position: Position) -> Value
}

private struct ValueBuilder: JSONBuilder {
    func position(_ offset: Int) {}
    func scalar(_ value: JSONValue, at position: Void) -> JSONValue { value }
    func array(_ elements: [JSONValue], at position: Void) -> JSONValue { .array(elements) }
    func object(_ members: [(key: String, position: Void, value: JSONValue)], at position: Void) -> JSONValue {
        .object(members.map { ($0.key, $0.value) })
    }
}

extension JSONValue {
    /// The value that UTF-8 text holds.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try JSONReader.read(bytes, ValueBuilder()).value
    }
}

/// Reads one RFC 8259 text. Never reads beyond it, never recurses deeper than ``maximumDepth``.
public struct JSONReader<Builder: JSONBuilder> {
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0
    private var builder: Builder

    /// Levels of arrays and objects.
    private let maximumDepth = 64

    /// The value in `bytes`, which may have white space around it and a byte order mark before it.
    public static func read(_ bytes: [UInt8], _ builder: Builder) throws(JSONError) -> (
        value: Builder.Value, builder: Builder
    ) {
        var reader = JSONReader(bytes: bytes, builder: builder)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.offset = 3 }
        let value = try reader.value()
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.error("text after the value") }
        return (value, reader.builder)
    }

    private func error(_ reason: String) -> JSONError { JSONError(reason, at: offset) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func value() throws(JSONError) -> Builder.Value {
        skipSpace()
        let position = builder.position(offset)
        guard let byte = next else { throw error("a value is missing") }
        switch byte {
        case UInt8(ascii: "{"): return builder.object(try members(), at: position)
        case UInt8(ascii: "["): return builder.array(try elements(), at: position)
        case UInt8(ascii: "\""): return builder.scalar(.string(try string()), at: position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return builder.scalar(.number(try number()), at: position)
        default:
            for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
            where bytes[offset...].starts(with: word.utf8) {
                offset += word.utf8.count
                return builder.scalar(value, at: position)
            }
            throw error("not a valid value")
        }
    }

    private mutating func members() throws(JSONError) -> [(
        key: String, position: Builder.Position, value: Builder.Value
    )] {
        var members: [(key: String, position: Builder.Position, value: Builder.Value)] = []
        guard try !opens(endingWith: UInt8(ascii: "}")) else { return members }
        repeat {
            skipSpace()
            let position = builder.position(offset)
            guard next == UInt8(ascii: "\"") else { throw error("a name in quotes is missing") }
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("':' is missing") }
            offset += 1
            members.append((key, position, try value()))
        } while try !ends(with: UInt8(ascii: "}"))
        return members
    }

    private mutating func elements() throws(JSONError) -> [Builder.Value] {
        var elements: [Builder.Value] = []
        guard try !opens(endingWith: UInt8(ascii: "]")) else { return elements }
        repeat { elements.append(try value()) } while try !ends(with: UInt8(ascii: "]"))
        return elements
    }

    /// Enters an array or object.
    /// - Returns: whether it ended at once, being empty.
    private mutating func opens(endingWith closing: UInt8) throws(JSONError) -> Bool {
        guard depth < maximumDepth else { throw error("nested deeper than \(maximumDepth) levels") }
        offset += 1
        skipSpace()
        guard next == closing else {
            depth += 1
            return false
        }
        offset += 1
        return true
    }

    /// Reads a comma (false) or `closing` (true).
    private mutating func ends(with closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard let byte = next, byte == closing || byte == UInt8(ascii: ",") else {
            throw error("',' or '\(Character(Unicode.Scalar(closing)))' is missing")
        }
        offset += 1
        if byte == closing { depth -= 1 }
        return byte == closing
    }
}

extension JSONReader {
    private mutating func digits() -> Int {
        let start = offset
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
        return offset - start
    }

    private mutating func number() throws(JSONError) -> String {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        let leadingZero = next == UInt8(ascii: "0")
        let whole = digits()
        guard whole == 1 || whole > 1 && !leadingZero else { throw error("malformed number") }
        if next == UInt8(ascii: ".") {
            offset += 1
            guard digits() > 0 else { throw error("digits are missing after '.'") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            guard digits() > 0 else { throw error("digits are missing in the exponent") }
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
                offset += 1
                return string
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(into: &text)
            case 0..<0x20:
                throw error("control character in a string")
            default:
                text.append(byte)
                offset += 1
            }
        }
        throw error("text ends in a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error("text ends in a string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar()).utf8)
        default: throw error("unknown escape")
        }
    }

    /// Half of a surrogate pair without the other is U+FFFD, as Go and Swift have it.
    private mutating func scalar() throws(JSONError) -> Character {
        let first = try hexadecimal()
        if (0xD800..<0xDC00).contains(first), bytes[offset...].starts(with: "\\u".utf8) {
            let mark = offset
            offset += 2
            let second = try hexadecimal()
            if (0xDC00..<0xE000).contains(second),
                let pair = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return Character(pair)
            }
            offset = mark
        }
        return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw error("text ends in an escape") }
        var value: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("malformed escape")
            }
            value = value << 4 | UInt32(digit)
        }
        offset += 4
        return value
    }
}
