internal import BootLayout

extension JSONValue {
    /// RFC 8259 text without a line break at its end; `indent` spaces a level, 0 for one line without spaces.
    public func text(indent: Int = 4) -> String {
        var text = ""
        write(to: &text, indent: indent, level: 0)
        return text
    }

    private func write(to text: inout String, indent: Int, level: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.text(of: value)
        case .string(let value): JSON.write(value, to: &text)
        case .array(let items):
            Self.list(items, "[", "]", to: &text, indent, level) { item, text in
                item.write(to: &text, indent: indent, level: level + 1)
            }
        case .object(let members):
            Self.list(members, "{", "}", to: &text, indent, level) { member, text in
                JSON.write(member.key, to: &text)
                text += indent > 0 ? ": " : ":"
                member.value.write(to: &text, indent: indent, level: level + 1)
            }
        }
    }

    private static func list<Item>(
        _ items: [Item], _ open: String, _ close: String, to text: inout String, _ indent: Int, _ level: Int,
        write: (Item, inout String) -> Void
    ) {
        guard !items.isEmpty else {
            text += open + close
            return
        }
        text += open
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if indent > 0 { text += "\n" + String(repeating: " ", count: indent * (level + 1)) }
            write(item, &text)
        }
        if indent > 0 { text += "\n" + String(repeating: " ", count: indent * level) }
        text += close
    }

    /// JSON has neither infinity nor NaN: they are null, as in ECMAScript. From 2^63 on, whole numbers stand for 64-bit
    /// ones without a sign; 2^64 is the nearest double to 2^64 − 1, which is what "unlimited" is to the kernel.
    private static func text(of value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value >= 0x1p63, value <= 0x1p64 { return String(UInt64(exactly: value) ?? .max) }
        return String(value)
    }
}
