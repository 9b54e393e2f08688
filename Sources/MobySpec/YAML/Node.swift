internal import Extents

/// A part of a YAML document: aliases expanded, merge keys applied, location kept.
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

/// Collects the pairs of a mapping. Written pairs override those merged by `<<` (YAML 1.1 merge type).
struct MappingMembers {
    private var written: [Node.Pair] = []
    private var merged: [Node.Pair] = []
    private var locations: [String: SourceLocation] = [:]
    private var hasMerge = false

    /// Written pairs in their order, then merged ones that nothing replaced.
    var pairs: [Node.Pair] { written + merged.filter { locations[$0.key.value] == nil } }

    /// - Parameter mayMerge: whether a key `<<` is the merge key; in quotes it is an ordinary one.
    /// - Returns: an error when the pair cannot be taken.
    mutating func add(_ key: Node, _ value: Node, at location: SourceLocation, mayMerge: Bool) -> Diagnostic? {
        guard case .scalar(let scalar) = key.content else {
            return Diagnostic(at: location, "a key is \(key.described), expected a string")
        }
        if scalar.text == "<<", mayMerge { return merge(value, at: location) }
        if let first = locations[scalar.text] {
            return Diagnostic(
                at: location, "duplicate key '\(PlainText.short(scalar.text))' (first on line \(first.line))",
                hint: "remove one of them")
        }
        locations[scalar.text] = location
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
