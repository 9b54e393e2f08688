internal import Extents

extension Codec {
    /// Items that cannot be read are left out; each has its fault.
    static func list<Item>(_ item: Codec<Item>) -> Codec where Value == [Item] {
        list(item) { [$0] }
    }

    /// - Parameter split: the items that someone meant who wrote one string.
    static func list<Item>(_ item: Codec<Item>, split: @escaping @Sendable (String) -> [String]) -> Codec
    where Value == [Item] {
        Codec(.list(item.shape)) { node, reading in
            guard case .sequence(let nodes) = node.content else {
                reading.mismatch(node, expected: "a list", hint: hint(node, split))
                return nil
            }
            return nodes.enumerated().compactMap { index, node in reading.within(.index(index)) { item.read(node, &$0) }
            }
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
                values[pair.key.value] = reading.within(.key(PlainText.short(pair.key.value))) {
                    value.read(pair.value, &$0)
                }
            }
            return values
        } write: { values in
            .object(values.sorted { $0.key < $1.key }.map { ($0.key, value.write($0.value)) })
        }
    }

    private static func hint(_ node: Node, _ split: (String) -> [String]) -> String? {
        guard case .scalar(let scalar) = node.content else { return "begin each item with '- '" }
        guard scalar.value != .null else { return "write [] for an empty list, or remove the key" }
        let list = ShellWords.list(split(scalar.text))
        return (list.map { "write \($0), or " } ?? "write ") + "one item a line with '- ' before it"
    }
}
