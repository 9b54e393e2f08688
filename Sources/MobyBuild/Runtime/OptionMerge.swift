internal import MobySpec

/// A value and who decided it.
struct Choice<Value: Sendable>: Sendable {
    var value: Value
    var origin: Origin
}

/// YAML over label: a field that YAML has, even an empty one, replaces the label's.
struct OptionMerge {
    let yaml: ContainerOptions
    let label: ContainerOptions
    /// Where the container begins, for fields without a place of their own.
    let location: SourceLocation

    /// The field as YAML has it, else as the label has it.
    func choose<Value: Sendable>(_ key: String, _ field: (ContainerOptions) -> Value?) -> Choice<Value>? {
        if let value = field(yaml) { return Choice(value: value, origin: .spec(place(key))) }
        return field(label).map { Choice(value: $0, origin: .label) }
    }

    /// Like ``choose(_:_:)`` for the plain strings, where empty means absent.
    func chooseText(_ key: String, _ field: (ContainerOptions) -> String?) -> Choice<String>? {
        choose(key) { options in field(options).flatMap { $0.isEmpty ? nil : $0 } }
    }

    /// Where a key of the YAML side was written.
    func place(_ key: String) -> SourceLocation { yaml.locations[key] ?? location }

    /// A list with its `.add` companion: YAML's list is final; else the label's list, its own additions and YAML's
    /// additions, each once.
    func chooseList(
        _ key: String, _ list: (ContainerOptions) -> [String]?, adding added: (ContainerOptions) -> [String]?
    ) -> [Choice<String>] {
        var seen = Set<String>()
        func fresh(_ words: [String]?, _ origin: Origin) -> [Choice<String>] {
            (words ?? []).filter { seen.insert($0).inserted }.map { Choice(value: $0, origin: origin) }
        }
        if let words = list(yaml) { return fresh(words, .spec(place(key))) }
        return fresh(list(label), .label) + fresh(added(label), .label) + fresh(added(yaml), .spec(place(key + ".add")))
    }
}
