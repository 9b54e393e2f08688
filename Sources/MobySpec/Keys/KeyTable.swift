internal import Extents
internal import JSON

/// The keys of one kind of mapping. Decoding, writing, unknown-key errors, JSON Schema and the reference page all come
/// from it.
///
/// To add a key: give the type in `Spec/` a property, add a row to the table in `Keys/Tables/`, and run the tests with
/// `UPDATE_GOLDEN=1`, which writes `docs/spec.md` again.
struct KeyTable<Owner: Sendable>: Sendable {
    /// Unique; the anchor on the reference page.
    let name: String
    let intro: String
    let keys: [Key<Owner>]
    /// What all other keys mean; nil when there are none.
    let others: OtherKeys<Owner>?
    /// Keys of another program's files, with a hint for each.
    private let foreign: [String: String]
    private let byName: [String: Int]

    init(
        _ name: String, _ intro: String, _ keys: [Key<Owner>], others: OtherKeys<Owner>? = nil,
        foreign: [String: String] = [:]
    ) {
        self.name = name
        self.intro = intro
        self.keys = keys
        self.others = others
        self.foreign = foreign
        byName = Dictionary(keys.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    var description: KeyTableDescription {
        KeyTableDescription(
            name: name, intro: intro, rows: keys.map(\.row), others: others?.row)
    }

    /// - Returns: nil when the node is not a mapping, or a required key is missing.
    func read(_ node: Node, into owner: Owner, _ reading: inout Reading) -> Owner? {
        guard case .mapping(let pairs) = node.content else {
            reading.mismatch(node, expected: "a mapping of keys and values")
            return nil
        }
        var owner = owner
        var known: [(row: Int, value: Node)] = []
        for pair in pairs {
            if let row = byName[pair.key.value] {
                known.append((row, pair.value))
            } else if let others {
                reading.within(.key(PlainText.short(pair.key.value))) { others.read(pair.key, pair.value, &owner, &$0) }
            } else {
                unknown(pair.key, &reading)
            }
        }
        // In the order of the table: rows may build on rows before them.
        for (row, value) in known.sorted(by: { $0.row < $1.row }) {
            reading.within(.key(keys[row].name)) { keys[row].read(value, &owner, &$0) }
        }
        let missing = keys.filter { key in key.row.isRequired && !pairs.contains { $0.key.value == key.name } }
        for key in missing {
            reading.error(
                at: node.location, "\(reading.subject) has no '\(key.name)'",
                hint: "add \(key.name): \(key.row.example)")
        }
        return missing.isEmpty ? owner : nil
    }

    func write(_ owner: Owner) -> JSONValue {
        .object(keys.compactMap { key in key.write(owner).map { (key.name, $0) } } + (others?.write(owner) ?? []))
    }

    private func unknown(_ key: Located<String>, _ reading: inout Reading) {
        let word = key.value
        reading.error(
            at: key.location, "unknown key '\(PlainText.short(word))' \(reading.context)", hint: hint(unknown: word))
    }

    private func hint(unknown word: String) -> String {
        if let hint = foreign[word] { return hint }
        if let renamed = keys.first(where: { $0.formerName == word })?.name { return "it is called '\(renamed)' now" }
        if let meant = keys.first(where: { $0.alias.contains(word) })?.name
            ?? Spelling.closest(to: word, in: keys.map(\.name))
        {
            return "did you mean '\(meant)'?"
        }
        // Keys of a package are not those of the file.
        let others = KeyTables.all.filter {
            !name.hasPrefix("package") && !name.hasPrefix("test") && $0.name != name
                && ["spec", "kernel", "container", "volume", "file"].contains($0.name)
        }
        if let other = others.first(where: { $0.rows.contains { $0.name == word } }) {
            return
                "'\(PlainText.short(word))' is a key of \(other.name == "spec" ? "the top level" : "'\(other.name)'")"
        }
        let fits = keys.count <= 12
        let option = ["package", "test"].first { name == $0 || name.hasPrefix("\($0).") }.map { "--\($0) " } ?? ""
        return fits
            ? "keys: \(keys.map(\.name).joined(separator: ", "))"
            : "'moby schema \(option)--markdown' lists the keys of '\(name)'"
    }
}

/// All tables, from the top level down.
enum KeyTables {
    static let all: [KeyTableDescription] = KeyTable<Spec>.spec.description.reachable
}

/// A ``KeyTable`` without its owner's type: what schema and reference page are made of.
struct KeyTableDescription: Sendable {
    struct Row: Sendable {
        var name: String
        var shape: Shape
        /// One sentence for the reference page and the editor.
        var doc: String
        /// A value as one writes it in one line. Tests read it, write it and read it again.
        var example: String
        var since: Since
        var isRequired: Bool
        /// What holds when neither the file nor a label has the key, as one writes it; nil when that is nothing.
        var absentValue: String?
        /// Another key that the example needs to make sense: `net: new`.
        var companion: String?
    }

    var name: String
    var intro: String
    var rows: [Row]
    /// What all other keys mean, with a word for their names.
    var others: Row?

    /// This table and all tables that its rows refer to, each once, in the order a reader meets them.
    var reachable: [KeyTableDescription] {
        var found: [KeyTableDescription] = []
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [KeyTableDescription]) {
        guard !found.contains(where: { $0.name == name }) else { return }
        found.append(self)
        for row in rows + [others].compactMap(\.self) { row.shape.table?.collect(into: &found) }
    }
}

extension Shape {
    /// The table that a value, or an item of it, is an object of.
    var table: KeyTableDescription? {
        switch self {
        case .object(let table): table
        case .list(let item), .map(let item), .restricted(let item, _): item.table
        case .either(let a, let b): a.table ?? b.table
        default: nil
        }
    }
}

/// The form of a value, as JSON Schema and the reference page tell of it.
indirect enum Shape: Sendable {
    case string(pattern: String?)
    case choice([String])
    /// One of more words than the reference page lists.
    case word([String])
    /// The name of an output format; another module knows them.
    case outputFormat
    case boolean
    case integer(ClosedRange<Int64>?)
    case list(Shape)
    /// A string, or a number or boolean that is read as it is written.
    case text
    /// The same, or nothing.
    case textOrNothing
    /// A mapping with keys of the user's choice.
    case map(Shape)
    case object(KeyTableDescription)
    case either(Shape, Shape)
    /// What a further JSON Schema, given as text, accepts too.
    case restricted(Shape, schema: String)

    static let string = Shape.string(pattern: nil)

    /// In words, for the reference page and for messages: `list of strings`.
    var words: String {
        switch self {
        case .string, .word, .text, .textOrNothing, .outputFormat: "string"
        case .choice(let words): words.filter { !$0.isEmpty }.map { "`\($0)`" }.joined(separator: ", ")
        case .boolean: "boolean"
        case .integer: "integer"
        case .list(let item): "list of \(item.plural)"
        case .map(let value): "mapping of \(value.plural)"
        case .object(let table): "mapping \(table.link)"
        case .either(let a, let b): "\(a.words) or \(b.words)"
        case .restricted(let shape, _): shape.words
        }
    }

    private var plural: String {
        switch self {
        case .string, .word, .text, .textOrNothing, .outputFormat: "strings"
        case .integer: "integers"
        case .object(let table): table.link
        case .either(let a, let b): "\(a.plural) or \(b.plural)"
        case .restricted(let shape, _): shape.plural
        default: words
        }
    }
}

extension KeyTableDescription {
    /// To the table's heading on the reference page. GitHub makes an anchor of a heading by dropping all but letters,
    /// digits, `-` and `_`, in lower case.
    fileprivate var link: String {
        "[\(name)](#\(name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }))"
    }
}
