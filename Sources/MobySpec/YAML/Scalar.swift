internal import Extents

/// A YAML scalar: its text and its value.
package struct Scalar: Sendable {
    package enum Value: Equatable, Sendable {
        case null
        case bool(Bool)
        case integer(Int64)
        case float(Double)
        case string
    }

    package let text: String
    package let value: Value
    /// Whether the text, which had neither quotes nor a tag, decided the type.
    private var isPlain = false
    /// Whether variables were expanded in it. Its text then decides whether it fits where it is: the file says nothing
    /// about the type of a value that is not in it.
    private var isExpanded = false

    init(_ text: String, _ value: Value = .string) {
        self.text = text
        self.value = value
    }

    /// The form of a scalar without quotes and tag decides its type.
    static func plain(_ text: String) -> Scalar {
        var scalar = Scalar(text, resolve(text))
        scalar.isPlain = true
        return scalar
    }

    /// The scalar with the values of its variables.
    func expanded(to text: String) -> Scalar {
        var scalar = isPlain ? Scalar.plain(text) : Scalar(text)
        scalar.isExpanded = true
        return scalar
    }

    /// The value where a number or boolean is expected.
    var typed: Value { isExpanded ? Self.resolve(text) : value }

    /// The text, if this may be used where a string is expected.
    var string: String? { value == .string || isExpanded ? text : nil }

    /// The core schema as yaml.v3 has it: `yes` and `no` are strings, `0644` and `0o644` are octal, `1_000` is a
    /// number.
    private static func resolve(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        default: return number(text) ?? .string
        }
    }

    private static func number(_ text: String) -> Value? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first), text.utf8.count <= 64 else {
            return nil
        }
        let plain = text.replacing("_", with: "")
        if let integer = integer(plain) { return .integer(integer) }
        let isDecimal =
            plain.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
            && plain.utf8.contains { $0.isASCIIDigit }
        return isDecimal ? Double(plain).map { .float($0) } : nil
    }

    private static func integer(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        // A second sign would be taken by Int64(_:radix:).
        guard let first = digits.utf8.first, first.isASCIIDigit else { return nil }
        let sign = isNegative ? "-" : ""
        func parse(_ prefix: String, _ radix: Int) -> Int64? {
            let rest = digits.dropFirst(prefix.count)
            guard let first = rest.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else {
                return nil
            }
            return Int64(sign + rest, radix: radix)
        }
        switch digits.prefix(2).lowercased() {
        case "0x": return parse("0x", 16)
        case "0o": return parse("0o", 8)
        case "0b": return parse("0b", 2)
        default: return digits.count > 1 && first == UInt8(ascii: "0") ? parse("0", 8) : Int64(sign + digits)
        }
    }

    /// The text as a value of the type that a tag names; nil when it is none.
    static func tagged(_ text: String, as tag: String) -> Scalar? {
        let scalar = plain(text)
        switch (tag, scalar.value) {
        case ("str", _), ("!", _), ("timestamp", _): return Scalar(text)
        case ("null", .null), ("bool", .bool), ("int", .integer), ("float", .float): return scalar
        case ("float", .integer(let value)): return Scalar(text, .float(Double(value)))
        default: return nil
        }
    }

    /// What messages call it.
    package var described: String {
        switch value {
        case .null: "empty"
        case .bool: "the boolean \(text)"
        case .integer, .float: "the number \(text)"
        case .string: "the string '\(PlainText.short(text))'"
        }
    }
}
