internal import JSON

/// A row of a table of keys: everything about one key of the YAML file.
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
    /// What the key was called before April 2017.
    private(set) var formerName: String?
    /// What holds when neither the file nor a label has the key, as one writes it; nil when that is nothing.
    private(set) var absentValue: String?
    /// Another key that the example needs to make sense: `net: new`.
    private(set) var companion: String?
    let read: @Sendable (Node, inout Owner, inout Reading) -> Void
    /// nil when the key need not be written.
    let write: @Sendable (Owner) -> JSONValue?

    /// A key that may be absent; nil is absent.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Owner, Value?> & Sendable, _ codec: Codec<Value>, _ doc: String,
        example: String,
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
        absent: (@Sendable (Value) -> Bool)?, _ doc: String, example: String, since: Since = .linuxkit,
        alias: [String] = []
    ) {
        self.init(
            name, shape: codec.shape, doc, example: example, since: since, isRequired: absent == nil, alias: alias
        ) {
            node, owner, reading in
            if let value = codec.read(node, &reading) { owner[keyPath: property] = value }
        } write: { owner in
            let value = owner[keyPath: property]
            return absent?(value) == true ? nil : codec.write(value)
        }
    }

    init(
        _ name: String, shape: Shape, _ doc: String, example: String, since: Since, isRequired: Bool = false,
        alias: [String] = [],
        read: @escaping @Sendable (Node, inout Owner, inout Reading) -> Void,
        write: @escaping @Sendable (Owner) -> JSONValue?
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
        if case .boolean = shape { absentValue = "false" }
    }

    /// The key with the value that holds without it.
    func defaulting(to value: String?) -> Key {
        var key = self
        key.absentValue = value
        return key
    }

    /// The key with another one that its example needs.
    func with(_ companion: String) -> Key {
        var key = self
        key.companion = companion
        return key
    }

    /// The key with the name that it once had.
    func formerly(_ name: String) -> Key {
        var key = self
        key.formerName = name
        return key
    }

    /// The row in the table of a larger thing.
    func lifted<Outer>(_ part: any WritableKeyPath<Outer, Owner> & Sendable) -> Key<Outer> {
        var key = Key<Outer>(
            name, shape: shape, doc, example: example, since: since, isRequired: isRequired, alias: alias
        ) {
            node, outer, reading in
            read(node, &outer[keyPath: part], &reading)
        } write: { outer in
            write(outer[keyPath: part])
        }
        (key.formerName, key.absentValue, key.companion) = (formerName, absentValue, companion)
        return key
    }
}

/// The keys of a mapping that are names of the user's choice, next to those that a table knows.
struct OtherKeys<Owner: Sendable>: Sendable {
    let row: KeyTableDescription.Row
    let read: @Sendable (Located<String>, Node, inout Owner, inout Reading) -> Void
    let write: @Sendable (Owner) -> [JSONValue.Member]

    /// - Parameter placeholder: a word for the names, on the reference page.
    init(
        _ placeholder: String, shape: Shape, _ doc: String, example: String, since: Since,
        read: @escaping @Sendable (Located<String>, Node, inout Owner, inout Reading) -> Void,
        write: @escaping @Sendable (Owner) -> [JSONValue.Member]
    ) {
        row = KeyTableDescription.Row(
            name: placeholder, shape: shape, doc: doc, example: example, since: since, isRequired: false)
        self.read = read
        self.write = write
    }
}

/// Which programs know a key.
enum Since: String, Sendable {
    /// All, from the first `moby` on.
    case always = "2017"
    /// The first `moby` only; LinuxKit of today does not accept it.
    case only2017 = "2017 only"
    /// LinuxKit's for some years; that of today does not accept it.
    case formerLinuxkit = "LinuxKit, once"
    case linuxkit = "LinuxKit"
    /// moby only.
    case moby
}
