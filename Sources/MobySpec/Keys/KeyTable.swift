internal import Extents

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
    private let byName: [String: Int]

    init(_ name: String, _ intro: String, _ keys: [Key<Owner>]) {
        self.name = name
        self.intro = intro
        self.keys = keys
        byName = Dictionary(keys.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    var description: KeyTableDescription {
        KeyTableDescription(
            name: name, intro: intro,
            rows: keys.map {
                KeyTableDescription.Row(
                    name: $0.name, shape: $0.shape, doc: $0.doc, example: $0.example, since: $0.since,
                    isRequired: $0.isRequired,
                    absentValue: $0.absentValue, companion: $0.companion)
            })
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
            } else {
                unknown(pair.key, &reading)
            }
        }
        // In the order of the table: rows may build on rows before them.
        for (row, value) in known.sorted(by: { $0.row < $1.row }) {
            reading.within(.key(keys[row].name)) { keys[row].read(value, &owner, &$0) }
        }
        let missing = keys.filter { key in key.isRequired && !pairs.contains { $0.key.value == key.name } }
        for key in missing {
            reading.fault(
                at: node.location, "\(reading.subject) has no '\(key.name)'", hint: "add \(key.name): \(key.example)")
        }
        return missing.isEmpty ? owner : nil
    }

    func write(_ owner: Owner) -> JSONValue {
        .object(keys.compactMap { key in key.write(owner).map { (key.name, $0) } })
    }

    private func unknown(_ key: Located<String>, _ reading: inout Reading) {
        let word = key.value
        reading.fault(
            at: key.location, "unknown key '\(PlainText.short(word))' \(reading.place)", hint: hint(unknown: word))
    }

    private func hint(unknown word: String) -> String {
        if let renamed = keys.first(where: { $0.formerName == word })?.name { return "it is called '\(renamed)' now" }
        if let meant = keys.first(where: { $0.alias.contains(word) })?.name
            ?? Spelling.closest(to: word, in: keys.map(\.name))
        {
            return "did you mean '\(meant)'?"
        }
        let others = KeyTables.all.filter {
            $0.name != name && ["spec", "kernel", "container", "volume", "file"].contains($0.name)
        }
        if let other = others.first(where: { $0.rows.contains { $0.name == word } }) {
            return
                "'\(PlainText.short(word))' is a key of \(other.name == "spec" ? "the top level" : "'\(other.name)'")"
        }
        let fits = keys.count <= 12
        return fits
            ? "keys: \(keys.map(\.name).joined(separator: ", "))"
            : "'moby schema --markdown' lists the keys of '\(name)'"
    }
}
