internal import Extents
internal import JSON

/// How a value is read from a node and written back.
struct Codec<Value: Sendable>: Sendable {
    let shape: Shape
    /// nil when the node is not such a value; the reading then has the error.
    let read: @Sendable (Node, inout Reading) -> Value?
    let write: @Sendable (Value) -> JSONValue

    init(
        _ shape: Shape, write: @escaping @Sendable (Value) -> JSONValue,
        read: @escaping @Sendable (Node, inout Reading) -> Value?
    ) {
        self.shape = shape
        self.read = read
        self.write = write
    }

    /// The values that a rule accepts.
    func checked(_ rule: @escaping @Sendable (Value) -> SyntaxError?) -> Codec {
        Codec(shape, write: write) { node, reading in
            guard let value = read(node, &reading) else { return nil }
            guard let problem = rule(value) else { return value }
            reading.error(at: node.location, "\(reading.subject) \(problem.message)", hint: problem.hint)
            return nil
        }
    }

    /// The values that `parse` makes of these; its error is reported where the node is.
    func parsed<Other>(
        from: @escaping @Sendable (Other) -> Value, _ parse: @escaping @Sendable (Value) throws(SyntaxError) -> Other
    ) -> Codec<Other> {
        Codec<Other>(shape, write: { write(from($0)) }) { node, reading in
            guard let value = read(node, &reading) else { return nil }
            do throws(SyntaxError) { return try parse(value) } catch {
                reading.error(at: node.location, "\(reading.subject) \(error.message)", hint: error.hint)
                return nil
            }
        }
    }

    /// The same values, some of which a rule corrects with a warning.
    func mended(_ rule: @escaping @Sendable (Value) -> (value: Value, reason: SyntaxError)?) -> Codec {
        Codec(shape, write: write) { node, reading in
            guard let value = read(node, &reading) else { return nil }
            guard let (mended, reason) = rule(value) else { return value }
            reading.warn(at: node.location, "\(reading.subject) \(reason.message)", hint: reason.hint)
            return mended
        }
    }

    func shaped(_ shape: Shape) -> Codec { Codec(shape, write: write, read: read) }

    /// The value with its location.
    var located: Codec<Located<Value>> {
        Codec<Located<Value>>(shape, write: { write($0.value) }) { node, reading in
            read(node, &reading).map { Located($0, at: node.location) }
        }
    }

    /// The value as the JSON that ``write`` makes of it.
    var json: Codec<JSONValue> {
        Codec<JSONValue>(shape, write: { $0 }) { node, reading in
            read(node, &reading).map(write)
        }
    }

    func map<Other>(from: @escaping @Sendable (Other) -> Value, _ to: @escaping @Sendable (Value) -> Other)
        -> Codec<Other>
    {
        Codec<Other>(shape, write: { write(from($0)) }) { node, reading in
            read(node, &reading).map(to)
        }
    }
}

extension Codec {
    /// A mapping whose keys a table knows.
    /// - Parameters:
    ///   - noun: what messages call it together with its `name` or `path`; nil for parts that have no name of their
    ///     own.
    ///   - make: the value before its keys are read.
    ///   - finish: nil when the whole makes no sense; the reading has the error then.
    static func object(
        _ table: KeyTable<Value>, noun: String? = nil, make: @escaping @Sendable (SourceLocation) -> Value,
        finish: @escaping @Sendable (Value, Node, inout Reading) -> Value? = { value, _, _ in value }
    ) -> Codec {
        object(table, noun: noun, make: make, from: { $0 }, finish: finish)
    }

    /// A mapping that is made into another type once all its keys are read.
    static func object<Draft>(
        _ table: KeyTable<Draft>, noun: String? = nil, make: @escaping @Sendable (SourceLocation) -> Draft,
        from: @escaping @Sendable (Value) -> Draft, finish: @escaping @Sendable (Draft, Node, inout Reading) -> Value?
    ) -> Codec {
        let read: @Sendable (Node, inout Reading) -> Value? = { node, reading in
            table.read(node, into: make(node.location), &reading).flatMap { finish($0, node, &reading) }
        }
        return Codec(.object(table.description), write: { table.write(from($0)) }) { node, reading in
            guard let noun, let name = node.scalar("name") ?? node.scalar("path"), !name.text.isEmpty else {
                return read(node, &reading)
            }
            reading.declare(noun, name.text)
            return reading.within(.entry("\(noun) '\(PlainText.short(name.text))'")) { read(node, &$0) }
        }
    }
}

extension Codec {
    /// Items that cannot be read are left out; each has its error.
    static func list<Item>(_ item: Codec<Item>) -> Codec where Value == [Item] {
        list(item) { [$0] }
    }

    /// - Parameter split: the items in a single string, for a hint.
    static func list<Item>(_ item: Codec<Item>, split: @escaping @Sendable (String) -> [String]) -> Codec
    where Value == [Item] {
        Codec(.list(item.shape), write: { items in .array(items.map { item.write($0) }) }) { node, reading in
            guard case .sequence(let nodes) = node.content else {
                reading.mismatch(node, expected: "a list", hint: hint(node, split))
                return nil
            }
            return nodes.enumerated().compactMap { index, node in reading.within(.index(index)) { item.read(node, &$0) }
            }
        }
    }

    /// String values under keys of the user's choice, or of a fixed set.
    static func map(_ value: Codec<String>, keys: [String]? = nil) -> Codec where Value == [String: String] {
        let write: @Sendable ([String: String]) -> JSONValue = { values in
            .object(values.sorted { $0.key < $1.key }.map { ($0.key, value.write($0.value)) })
        }
        return Codec(.map(value.shape), write: write) { node, reading in
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
        }
    }

    private static func hint(_ node: Node, _ split: (String) -> [String]) -> String? {
        guard case .scalar(let scalar) = node.content else { return "begin each item with '- '" }
        guard scalar.value != .null else { return "write [] for an empty list, or remove the key" }
        let list = ShellWords.list(split(scalar.text))
        return (list.map { "write \($0), or " } ?? "write ") + "one item a line with '- ' before it"
    }
}
