internal import Extents

/// A part of a YAML document: aliases expanded, merge keys applied, place kept.
package struct Node: Sendable {
    package enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        /// In the order written; each key is there once.
        case mapping([Pair])
    }

    package struct Pair: Sendable {
        package var key: Located<String>
        package var value: Node
    }

    package var content: Content
    package let location: SourceLocation

    /// What messages call it: `the number 12`, `a list`.
    package var described: String {
        switch content {
        case .scalar(let scalar): scalar.described
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.value == .null } else { false }
    }

    /// The value below a key of a mapping.
    subscript(key: String) -> Node? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key.value == key }?.value
    }

    /// Takes a key out of a mapping.
    mutating func remove(key: String) {
        guard case .mapping(let pairs) = content else { return }
        content = .mapping(pairs.filter { $0.key.value != key })
    }

    /// The scalar below a key of a mapping.
    func scalar(_ key: String) -> Scalar? {
        guard case .scalar(let scalar)? = self[key]?.content else { return nil }
        return scalar
    }
}

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

    init(_ text: String, _ value: Value = .string) {
        self.text = text
        self.value = value
    }

    /// The form of a scalar without quotes and tag decides its type.
    static func plain(_ text: String) -> Scalar { Scalar(text, resolve(text)) }

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

/// Collects the pairs of a mapping. Written pairs override those merged by `<<` (YAML 1.1 merge type).
struct MappingMembers {
    private var written: [Node.Pair] = []
    private var merged: [Node.Pair] = []
    private var places: [String: SourceLocation] = [:]
    private var hasMerge = false

    /// Written pairs in their order, then merged ones that nothing replaced.
    var pairs: [Node.Pair] { written + merged.filter { places[$0.key.value] == nil } }

    /// - Parameter mayMerge: whether a key `<<` is the merge key; in quotes it is an ordinary one.
    /// - Returns: a fault when the pair cannot be taken.
    mutating func add(_ key: Node, _ value: Node, at location: SourceLocation, mayMerge: Bool) -> Diagnostic? {
        guard case .scalar(let scalar) = key.content else {
            return Diagnostic(at: location, "a key is \(key.described), expected a string")
        }
        if scalar.text == "<<", mayMerge { return merge(value, at: location) }
        if let first = places[scalar.text] {
            return Diagnostic(
                at: location, "duplicate key '\(PlainText.short(scalar.text))' (first on line \(first.line))",
                hint: "remove one of them")
        }
        places[scalar.text] = location
        written.append(Node.Pair(key: Located(scalar.text, at: location), value: value))
        return nil
    }

    private mutating func merge(_ value: Node, at location: SourceLocation) -> Diagnostic? {
        guard !hasMerge else { return Diagnostic(at: location, "duplicate merge key '<<'", hint: "write <<: [*a, *b]") }
        hasMerge = true
        var sources = [value]
        if case .sequence(let items) = value.content { sources = items }
        var seen = Set<String>()
        for source in sources {
            guard case .mapping(let pairs) = source.content else {
                return Diagnostic(
                    at: source.location,
                    "merge key '<<' has \(source.described), expected a mapping or a list of mappings")
            }
            for pair in pairs where seen.insert(pair.key.value).inserted { merged.append(pair) }
        }
        return nil
    }
}
