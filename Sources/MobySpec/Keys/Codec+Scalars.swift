internal import Extents
internal import JSON

extension Codec where Value == String {
    static var string: Codec {
        Codec(.string, write: { .string($0) }) { node, reading in
            guard case .scalar(let scalar) = node.content else {
                reading.mismatch(node, expected: "a string")
                return nil
            }
            guard let text = scalar.string else {
                let hint =
                    scalar.value == .null
                    ? "write \"\" for an empty string, or remove the key" : "put it in quotes: \"\(scalar.text)\""
                reading.mismatch(node, expected: "a string", hint: hint)
                return nil
            }
            return text
        }
    }

    /// A string, or another scalar as it is written.
    static var text: Codec {
        Codec(.text, write: { .string($0) }) { node, reading in
            if case .scalar(let scalar) = node.content, let text = scalar.string { return text }
            if case .scalar(let scalar) = node.content, scalar.value != .null { return scalar.text }
            reading.mismatch(node, expected: "a string")
            return nil
        }
    }

    /// A string that is not empty.
    static var word: Codec {
        string.checked { $0.isEmpty ? SyntaxError("is empty") : nil }.shaped(.string(pattern: "."))
    }

    /// One of a few words.
    static func choice(_ words: [String]) -> Codec {
        unquotedNo(words).checked { text in
            guard !words.contains(text) else { return nil }
            let list = words.filter { !$0.isEmpty }.map { "'\($0)'" }.joined(separator: ", ")
            return SyntaxError(
                "is '\(PlainText.short(text))', expected \(words.count == 1 ? list : "one of \(list)")",
                hint: Spelling.closest(to: text, in: words).map { "did you mean '\($0)'?" })
        }.shaped(.choice(words))
    }

    /// Programs of YAML 1.1 write the word `no` as `false`.
    private static func unquotedNo(_ words: [String]) -> Codec {
        Codec(.string, write: { string.write($0) }) { node, reading in
            guard words.contains("no"), case .scalar(let scalar) = node.content, scalar.value == .bool(false) else {
                return string.read(node, &reading)
            }
            return "no"
        }
    }
}

extension Codec where Value == Bool {
    /// `yes`, `no`, `on` and `off` are booleans where one is expected, as YAML 1.1 had it.
    static var bool: Codec {
        Codec(.boolean, write: { .bool($0) }) { node, reading in
            guard case .scalar(let scalar) = node.content else {
                reading.mismatch(node, expected: "true or false")
                return nil
            }
            if case .bool(let value) = scalar.typed { return value }
            switch scalar.text.lowercased() {
            case "yes", "on", "y": return true
            case "no", "off", "n": return false
            default:
                let isQuoted = ["true", "false"].contains(scalar.text)
                reading.mismatch(node, expected: "true or false", hint: isQuoted ? "remove the quotes" : nil)
                return nil
            }
        }
    }
}

extension Codec where Value == Int64 {
    static func integer(_ range: ClosedRange<Int64>? = nil) -> Codec {
        integer(range, expected: "a whole number") { _ in nil }
    }

    /// A number of bytes. Units are not accepted; the hint for one has the number.
    static func bytes(_ range: ClosedRange<Int64>? = nil) -> Codec {
        integer(range, expected: "a number of bytes") { ByteSize.bytes($0).map { "write \($0)" } }
    }

    /// - Parameter hint: for a text that is not a whole number.
    private static func integer(
        _ range: ClosedRange<Int64>?, expected: String, hint: @escaping @Sendable (String) -> String?
    ) -> Codec {
        Codec(.integer(range), write: { .integer($0) }) { node, reading in
            guard case .scalar(let scalar) = node.content, case .integer(let number) = scalar.typed else {
                var advice: String?
                if case .scalar(let scalar) = node.content {
                    advice =
                        scalar.value == .string && Int64(scalar.text) != nil ? "remove the quotes" : hint(scalar.text)
                }
                reading.mismatch(node, expected: expected, hint: advice)
                return nil
            }
            guard let range, !range.contains(number) else { return number }
            let bounds =
                range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
            reading.mismatch(node, expected: bounds)
            return nil
        }
    }
}

extension Codec where Value == Int {
    static func int(_ range: ClosedRange<Int64>) -> Codec {
        Codec<Int64>.integer(range).map(from: { Int64($0) }) { Int($0) }
    }
}

extension Codec where Value == UInt32 {
    static var uint32: Codec {
        Codec<Int64>.integer(0...Int64(UInt32.max)).map(from: { Int64($0) }) { UInt32($0) }
    }

    /// Permission bits as an octal string in quotes.
    static var mode: Codec {
        Codec(.string(pattern: "^0*[0-7]{1,4}$"), write: { .string(octal($0)) }) { node, reading in
            guard case .scalar(let scalar) = node.content, let text = scalar.string else {
                let number = node.described
                var hint = "write it with quotes: \"0644\""
                if case .scalar(let scalar) = node.content, case .integer(let value) = scalar.value {
                    hint = "write \"\(scalar.text)\" with quotes; unquoted, YAML reads it as the number \(value)"
                }
                reading.error(
                    at: node.location, "\(reading.subject) is \(number), expected an octal string such as \"0644\"",
                    hint: hint)
                return nil
            }
            if text.utf8.allSatisfy({ (48...55).contains($0) }), let mode = UInt32(text, radix: 8),
                mode <= 0o7777
            {
                return mode
            }
            reading.mismatch(node, expected: "an octal string from \"0000\" to \"7777\"")
            return nil
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension Codec where Value == UInt16 {
    static var mode: Codec {
        Codec<UInt32>.mode.map(from: { UInt32($0) }) { UInt16($0) }
    }
}

extension Codec where Value == Identity {
    /// A number, or the name of a container; `""` and `root` are 0.
    static var identity: Codec {
        let write: @Sendable (Identity) -> JSONValue = { identity in
            switch identity {
            case .number(let number): .integer(Int64(number))
            case .container(let name): .string(name)
            }
        }
        return Codec(.either(.integer(0...Int64(UInt32.max)), .string), write: write) { node, reading in
            if case .scalar(let scalar) = node.content, scalar.typed == .string {
                return ["", "root"].contains(scalar.text) ? .number(0) : .container(scalar.text)
            }
            guard case .scalar(let scalar) = node.content, case .integer = scalar.typed else {
                reading.mismatch(node, expected: "a number or the name of a container")
                return nil
            }
            return Codec<UInt32>.uint32.read(node, &reading).map { .number($0) }
        }
    }
}
