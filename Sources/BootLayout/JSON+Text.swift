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
