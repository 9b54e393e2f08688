internal import Extents

extension Codec {
    /// Items that cannot be read are left out; each has its fault.
    static func list<Item>(_ item: Codec<Item>) -> Codec where Value == [Item] {
        Codec(.list(item.shape)) { node, reading in
            guard case .sequence(let nodes) = node.content else {
                reading.mismatch(node, expected: "a list", hint: hint(node))
                return nil
            }
            return nodes.enumerated().compactMap { index, node in reading.within(.index(index)) { item.read(node, &$0) } }
        } write: { items in
            .array(items.map { item.write($0) })
        }
    }

    /// String values under keys of the user's choice, or of a fixed set.
    static func map(_ value: Codec<String>, keys: [String]? = nil) -> Codec where Value == [String: String] {
        Codec(.map(value.shape)) { node, reading in
            guard case .mapping(let pairs) = node.content else {
                reading.mismatch(node, expected: "a mapping")
                return nil
            }
            var values: [String: String] = [:]
            for pair in pairs {
                values[pair.key.value] = reading.within(.key(pair.key.value)) { value.read(pair.value, &$0) }
            }
            return values
        } write: { values in
            .object(values.sorted { $0.key < $1.key }.map { ($0.key, value.write($0.value)) })
        }
    }

    private static func hint(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node.content else { return "begin each item with '- '" }
        switch scalar.value {
        case .null: return "write [] for an empty list, or remove the key"
        default: return "write [\"\(PlainText.short(scalar.text))\"], or one item a line with '- ' before it"
        }
    }
}
