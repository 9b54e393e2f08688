/// A node of a YAML document.
package struct YAMLNode: Sendable, Equatable {
    package indirect enum Content: Sendable, Equatable {
        /// Text, and whether it was written without quotes: only then can it be null, a boolean or a number.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    /// From 1.
    package let line: Int
    package let content: Content

    /// The text of a scalar that is not null.
    package var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// The items of a sequence.
    package var items: [YAMLNode]? {
        guard case .sequence(let items) = content else { return nil }
        return items
    }

    /// The entries of a mapping.
    package var entries: [YAMLEntry]? {
        guard case .mapping(let entries) = content else { return nil }
        return entries
    }

    /// The value of a key of a mapping.
    package subscript(key: String) -> YAMLNode? { entries?.first { $0.key == key }?.value }

    /// Null as YAML 1.1 has it ("Null language-independent type").
    package var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// A boolean as YAML 1.1 has it, and with quotes as well: cloud-init accepts both.
    package var bool: Bool? {
        switch text?.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }
}

/// A key with its value.
package struct YAMLEntry: Sendable, Equatable {
    package let key: String
    /// Of the key.
    package let line: Int
    package let value: YAMLNode
}

/// Why a text cannot be read.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}
