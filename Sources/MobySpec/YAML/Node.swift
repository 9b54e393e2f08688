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
