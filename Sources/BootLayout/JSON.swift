/// A JSON value (RFC 8259) whose objects keep their order and whose numbers keep their text.
///
/// It exists because PID 1 is linked without Foundation.
public indirect enum JSON: Sendable, Equatable {
    /// One name and value of an object.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSON

        /// A member called `name`.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number as it was written, such as `-1.5e3`.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// The value of the last member called `name`; nil when there is none or this is no object.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number that fits an `Int`.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// A truth value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    public var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSON {
    /// RFC 8259 text with members in their order, four spaces a level, and empty lists and objects on one line.
    public var text: String {
        var text = ""
        write(to: &text, level: 0)
        return text
    }

    private func write(to text: inout String, level: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            Self.write(elements, between: ("[", "]"), to: &text, level: level) { element, text in
                element.write(to: &text, level: level + 1)
            }
        case .object(let members):
            Self.write(members, between: ("{", "}"), to: &text, level: level) { member, text in
                Self.write(member.name, to: &text)
                text += ": "
                member.value.write(to: &text, level: level + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between marks: (String, String), to text: inout String, level: Int,
        item write: (Item, inout String) -> Void
    ) {
        text += marks.0
        for (index, item) in items.enumerated() {
            text += index == 0 ? "\n" : ",\n"
            text += String(repeating: "    ", count: level + 1)
            write(item, &text)
        }
        if !items.isEmpty { text += "\n" + String(repeating: "    ", count: level) }
        text += marks.1
    }

    /// A string as RFC 8259 has it, in quotes, with escapes for what would harm a terminal or JavaScript too.
    public static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Why a text is not the JSON that was expected.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What was found or missing.
    public var reason: String
    /// Bytes before the fault; nil when the text is sound but not what is wanted.
    public var offset: Int?

    /// A fault at `offset` bytes.
    public init(_ reason: String, at offset: Int? = nil) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        guard let offset else { return reason }
        return "\(reason) at byte \(offset)"
    }
}
