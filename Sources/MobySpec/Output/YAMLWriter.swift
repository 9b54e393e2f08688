internal import Extents
public import JSON

extension Spec {
    /// The merged, resolved spec as YAML, in the order of the table of keys: what `--dry-run` prints and `metadata:
    /// yaml` writes.
    public var yaml: String { YAMLWriter.text(json) }

    /// The same as JSON. Reading either again gives the same spec.
    public var json: JSONValue { KeyTable.spec.write(self) }
}

/// Writes JSON values as YAML in block style, so that YAML 1.1 and 1.2 read the same.
struct YAMLWriter {
    private var text = ""

    /// - Parameter value: an object; an empty one is `{}`.
    static func text(_ value: JSONValue) -> String {
        var writer = YAMLWriter()
        if let inline = writer.inline(value) {
            writer.text = inline + "\n"
        } else {
            writer.block(value, level: 0)
        }
        return writer.text
    }

    private mutating func block(_ value: JSONValue, level: Int) {
        let margin = String(repeating: "  ", count: level)
        switch value {
        case .object(let members):
            for (index, member) in members.enumerated() {
                // The first key of an item follows its dash.
                if index > 0 || !text.hasSuffix("- ") { text += margin }
                text += Self.quotedIfNeeded(member.key) + ":"
                child(member.value, level: level, after: " ")
            }
        case .array(let items):
            for item in items {
                text += margin + "- "
                child(item, level: level, after: "")
            }
        default: text += (inline(value) ?? "") + "\n"
        }
    }

    private mutating func child(_ value: JSONValue, level: Int, after separator: String) {
        if case .string(let string) = value, Self.isLiteral(string) {
            literal(string, level: level + 1, after: separator)
        } else if let inline = inline(value) {
            text += separator + inline + "\n"
        } else {
            // A list inside a list begins on a new line, so that no dash follows another.
            var breaks = !separator.isEmpty
            if case .array = value { breaks = true }
            if breaks {
                if text.hasSuffix(" ") { text.removeLast() }
                text += "\n"
            }
            block(value, level: level + 1)
        }
    }

    private mutating func literal(_ string: String, level: Int, after separator: String) {
        let margin = String(repeating: "  ", count: level)
        text += separator + (string.hasSuffix("\n") ? "|\n" : "|-\n")
        let lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        for line in string.hasSuffix("\n") ? lines.dropLast() : lines[...] {
            text += (line.isEmpty ? "" : margin + line) + "\n"
        }
    }

    private func inline(_ value: JSONValue) -> String? {
        switch value {
        case .string(let string): Self.quotedIfNeeded(string)
        case .array(let items) where items.isEmpty: "[]"
        case .object(let members) where members.isEmpty: "{}"
        case .array, .object: nil
        default: value.text(indent: 0)
        }
    }

    /// Texts of several lines that a literal block keeps to the byte: no odd characters, no space where indentation is
    /// distinguished from.
    private static func isLiteral(_ string: String) -> Bool {
        guard string.contains("\n"), !string.hasPrefix(" "), !string.hasPrefix("\n"), !string.hasPrefix("\t"),
            !string.hasSuffix("\n\n")
        else { return false }
        return string != "\n" && string.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isPrintable($0) }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// Plain where no reader could take it for anything else.
    private static func quotedIfNeeded(_ string: String) -> String {
        let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        guard let first = string.utf8.first, Scalar.plain(string).value == .string,
            !reserved.contains(string.lowercased()),
            first.isASCIILetter || first == UInt8(ascii: "/"),
            string.utf8.allSatisfy({
                $0.isASCIILetter || $0.isASCIIDigit || " ._/+=,@-:".utf8.contains($0)
            }),
            !string.contains(": "), !string.hasSuffix(":"), !string.hasSuffix(" ")
        else { return JSONValue.string(string).text(indent: 0) }
        return string
    }
}
