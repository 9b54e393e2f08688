/// A row of a table of keys: all that there is to know of one key of the YAML file.
struct Key<Owner: Sendable>: Sendable {
    let name: String
    let shape: Shape
    /// One sentence for the reference page and the editor.
    let doc: String
    /// A value as one writes it in one line. Tests read it, write it and read it again.
    let example: String
    let since: Since
    let isRequired: Bool
    /// What people write when they mean this key, and what is too far from it to be guessed.
    let alias: [String]
    let read: @Sendable (Node, inout Owner, inout Reading) -> Void
    /// nil when there is nothing to say.
    let write: @Sendable (Owner) -> JSONValue?

    /// A key that may be absent; nil is absent.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Owner, Value?> & Sendable, _ codec: Codec<Value>, _ doc: String, example: String,
        since: Since = .linuxkit, alias: [String] = []
    ) {
        self.init(name, shape: codec.shape, doc, example: example, since: since, alias: alias) { node, owner, reading in
            if let value = codec.read(node, &reading) { owner[keyPath: property] = value }
        } write: { owner in
            owner[keyPath: property].map { codec.write($0) }
        }
    }

    /// A key whose property has a value when it is absent.
    /// - Parameter absent: when a value need not be written; nil makes the key required.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Owner, Value> & Sendable, _ codec: Codec<Value>,
        absent: (@Sendable (Value) -> Bool)?, _ doc: String, example: String, since: Since = .linuxkit, alias: [String] = []
    ) {
        self.init(name, shape: codec.shape, doc, example: example, since: since, isRequired: absent == nil, alias: alias) {
            node, owner, reading in
            if let value = codec.read(node, &reading) { owner[keyPath: property] = value }
        } write: { owner in
            let value = owner[keyPath: property]
            return absent?(value) == true ? nil : codec.write(value)
        }
    }

    /// A key that is known and turned down, with the reason.
    static func refused(_ name: String, _ reason: String, hint: String, _ doc: String, example: String, since: Since) -> Key {
        Key(name, shape: .refused, doc, example: example, since: since) { node, _, reading in
            reading.fault(at: node.location, "'\(name)' \(reason)", hint: hint)
        } write: { _ in
            nil
        }
    }

    init(
        _ name: String, shape: Shape, _ doc: String, example: String, since: Since, isRequired: Bool = false, alias: [String] = [],
        read: @escaping @Sendable (Node, inout Owner, inout Reading) -> Void, write: @escaping @Sendable (Owner) -> JSONValue?
    ) {
        self.name = name
        self.shape = shape
        self.doc = doc
        self.example = example
        self.since = since
        self.isRequired = isRequired
        self.alias = alias
        self.read = read
        self.write = write
    }

    /// The row in the table of a larger thing.
    func lifted<Outer>(_ part: any WritableKeyPath<Outer, Owner> & Sendable) -> Key<Outer> {
        Key<Outer>(name, shape: shape, doc, example: example, since: since, isRequired: isRequired, alias: alias) { node, outer, reading in
            read(node, &outer[keyPath: part], &reading)
        } write: { outer in
            write(outer[keyPath: part])
        }
    }
}
