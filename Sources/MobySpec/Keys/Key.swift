internal import JSON

/// A row of a table of keys: everything about one key of the YAML file.
struct Key<Owner: Sendable>: Sendable {
    let row: KeyTableDescription.Row
    /// What people write when they mean this key, and what is too far from it to be guessed.
    let alias: [String]
    /// What the key was called before April 2017.
    let formerName: String?
    let read: @Sendable (Node, inout Owner, inout Reading) -> Void
    /// nil when the key need not be written.
    let write: @Sendable (Owner) -> JSONValue?

    var name: String { row.name }

    /// A key that may be absent; nil is absent.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Owner, Value?> & Sendable, _ codec: Codec<Value>, _ doc: String,
        example: String, since: Since = .linuxkit, alias: [String] = [], default value: String?? = nil,
        with companion: String? = nil, formerly: String? = nil
    ) {
        self.init(
            name, shape: codec.shape, doc, example: example, since: since, alias: alias, default: value,
            with: companion, formerly: formerly
        ) { node, owner, reading in
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
        alias: [String] = [], default value: String?? = nil, with companion: String? = nil, formerly: String? = nil
    ) {
        self.init(
            name, shape: codec.shape, doc, example: example, since: since, isRequired: absent == nil, alias: alias,
            default: value, with: companion, formerly: formerly
        ) { node, owner, reading in
            if let value = codec.read(node, &reading) { owner[keyPath: property] = value }
        } write: { owner in
            let value = owner[keyPath: property]
            return absent?(value) == true ? nil : codec.write(value)
        }
    }

    /// A key for several values, none of which is absent.
    init<Value: Collection>(
        _ name: String, _ property: any WritableKeyPath<Owner, Value> & Sendable, _ codec: Codec<Value>, _ doc: String,
        example: String, since: Since = .linuxkit, alias: [String] = [], default value: String?? = nil,
        with companion: String? = nil, formerly: String? = nil
    ) {
        self.init(
            name, property, codec, absent: { $0.isEmpty }, doc, example: example, since: since, alias: alias,
            default: value, with: companion, formerly: formerly)
    }

    /// A key that is false when it is absent.
    init(
        _ name: String, _ property: any WritableKeyPath<Owner, Bool> & Sendable, _ codec: Codec<Bool>, _ doc: String,
        example: String, since: Since = .linuxkit, alias: [String] = []
    ) {
        self.init(name, property, codec, absent: { !$0 }, doc, example: example, since: since, alias: alias)
    }

    /// - Parameters:
    ///   - value: what holds when neither the file nor a label has the key, as one writes it; `.some(nil)` when that
    ///     is nothing. Without it `false` for a boolean, else nothing.
    ///   - companion: another key that the example needs to make sense: `net: new`.
    init(
        _ name: String, shape: Shape, _ doc: String, example: String, since: Since, isRequired: Bool = false,
        alias: [String] = [], default value: String?? = nil, with companion: String? = nil, formerly: String? = nil,
        read: @escaping @Sendable (Node, inout Owner, inout Reading) -> Void,
        write: @escaping @Sendable (Owner) -> JSONValue? = { _ in nil }
    ) {
        let standard: String? = if case .boolean = shape { "false" } else { nil }
        row = KeyTableDescription.Row(
            name: name, shape: shape, doc: doc, example: example, since: since, isRequired: isRequired,
            absentValue: value ?? standard, companion: companion)
        (self.alias, formerName, self.read, self.write) = (alias, formerly, read, write)
    }

    private init(
        _ row: KeyTableDescription.Row, alias: [String], formerly: String?,
        read: @escaping @Sendable (Node, inout Owner, inout Reading) -> Void,
        write: @escaping @Sendable (Owner) -> JSONValue?
    ) {
        (self.row, self.alias, formerName, self.read, self.write) = (row, alias, formerly, read, write)
    }

    /// The row in the table of a larger thing.
    func lifted<Outer>(_ part: any WritableKeyPath<Outer, Owner> & Sendable) -> Key<Outer> {
        Key<Outer>(row, alias: alias, formerly: formerName) { node, outer, reading in
            read(node, &outer[keyPath: part], &reading)
        } write: { outer in
            write(outer[keyPath: part])
        }
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
