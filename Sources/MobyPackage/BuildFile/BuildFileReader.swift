internal import Extents
internal import MobySpec

/// Takes values out of nodes, and collects what is wrong with them.
struct BuildFileReader {
    var faults: [Diagnostic] = []

    mutating func fault(_ node: Node, _ message: String, hint: String? = nil) {
        fault(node.location, message, hint: hint)
    }

    mutating func fault(_ location: SourceLocation, _ message: String, hint: String? = nil) {
        faults.append(Diagnostic(at: location, message, hint: hint))
    }

    /// The members of a mapping by key. Keys that are not allowed, and keys written twice, are faults.
    /// - Parameter foreign: keys of another program's files, with the hint for each.
    mutating func members(_ node: Node, of what: String, allowed: [String], foreign: [String: String] = [:]) -> [String:
        Node]
    {
        guard case .mapping(let pairs) = node.content else {
            fault(node, "\(what) is \(node.described), expected a mapping")
            return [:]
        }
        var members: [String: Node] = [:]
        for pair in pairs {
            members[pair.key.value] = pair.value
            guard !allowed.contains(pair.key.value) else { continue }
            fault(
                pair.key.location, "unknown key '\(PlainText.short(pair.key.value))' in \(what)",
                hint: foreign[pair.key.value] ?? Spelling.closest(to: pair.key.value, in: allowed).map {
                    "did you mean '\($0)'?"
                }
                    ?? "keys are: \(allowed.joined(separator: ", "))")
        }
        return members
    }

    mutating func string(_ node: Node, _ what: String) -> String? {
        if case .scalar(let scalar) = node.content, scalar.value != .null { return scalar.text }
        fault(node, "\(what) is \(node.described), expected a string")
        return nil
    }

    /// Strings, each with its place.
    mutating func strings(_ node: Node, _ what: String) -> [Located<String>] {
        guard case .sequence(let items) = node.content else {
            fault(node, "\(what) is \(node.described), expected a list of strings")
            return []
        }
        return items.compactMap { item in string(item, "an item of \(what)").map { Located($0, at: item.location) } }
    }

    /// String values by key, in the order written.
    mutating func pairs(_ node: Node, _ what: String) -> [(name: Located<String>, value: Located<String>)] {
        guard case .mapping(let pairs) = node.content else {
            fault(node, "\(what) is \(node.described), expected a mapping of strings")
            return []
        }
        return pairs.compactMap { pair in
            string(pair.value, "'\(PlainText.short(pair.key.value))' of \(what)").map {
                (pair.key, Located($0, at: pair.value.location))
            }
        }
    }

    mutating func number(_ node: Node, _ what: String) -> UInt32? {
        if case .scalar(let scalar) = node.content, case .integer(let value) = scalar.value,
            let number = UInt32(exactly: value)
        {
            return number
        }
        fault(node, "\(what) is \(node.described), expected a number from 0 to \(UInt32.max)")
        return nil
    }

    /// Permission bits, as a quoted octal string.
    mutating func mode(_ node: Node) -> UInt16? {
        if case .scalar(let scalar) = node.content, scalar.value == .string, let mode = UInt16(scalar.text, radix: 8),
            mode <= 0o7777
        {
            return mode
        }
        fault(
            node, "mode is \(node.described), expected an octal string such as \"0644\"",
            hint: "write mode: \"0644\" with quotes; unquoted, YAML reads 0644 as the number 420")
        return nil
    }
}
