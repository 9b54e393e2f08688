/// A JSON value (RFC 8259) whose objects keep their order and whose numbers keep their text.
///
/// The module has no dependencies and no Foundation, so that PID 1 can link it.
public indirect enum JSONValue: Sendable, Equatable {
    public typealias Member = (key: String, value: JSONValue)

    case null
    case bool(Bool)
    /// A number as it was written, such as `-1.5e3`.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    public static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    public static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    /// The value of the last member called `key`; nil when there is none or this is not an object. Setting replaces
    /// that member or appends one; setting nil removes it; a value that is not an object stays as it is.
    public subscript(key: String) -> JSONValue? {
        get { members?.last { $0.key == key }?.value }
        set {
            guard case .object(var members) = self else { return }
            switch (members.lastIndex { $0.key == key }, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
            self = .object(members)
        }
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

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    public var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The type of this value, for messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue {
    /// RFC 8259 text without a line break at its end.
    /// - Parameter indent: spaces per level; 0 writes one line without spaces.
    public func text(indent: Int = 4) -> String {
        var text = ""
        write(to: &text, indent: indent, level: 0)
        return text
    }

    private func write(to text: inout String, indent: Int, level: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            Self.write(elements, between: ("[", "]"), to: &text, indent, level) { element, text in
                element.write(to: &text, indent: indent, level: level + 1)
            }
        case .object(let members):
            Self.write(members, between: ("{", "}"), to: &text, indent, level) { member, text in
                Self.write(member.key, to: &text)
                text += indent > 0 ? ": " : ":"
                member.value.write(to: &text, indent: indent, level: level + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between marks: (String, String), to text: inout String, _ indent: Int, _ level: Int,
        item write: (Item, inout String) -> Void
    ) {
        text += marks.0
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if indent > 0 { text += "\n" + String(repeating: " ", count: indent * (level + 1)) }
            write(item, &text)
        }
        if indent > 0, !items.isEmpty { text += "\n" + String(repeating: " ", count: indent * level) }
        text += marks.1
    }

    /// Escapes what RFC 8259 demands, and what could drive a terminal or end a line of JavaScript.
    private static func write(_ string: String, to text: inout String) {
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
