internal import Extents

/// Applies the key `merge` of containers: such an entry is not one more container, but changes the one of its name in
/// the files before.
struct ContainerMerge {
    /// How an entry changes an earlier one.
    enum Kind: String, CaseIterable, Sendable {
        /// Takes its place.
        case replace
        /// Adds keys and items to it.
        case extend
    }

    static let key = "merge"

    private(set) var problems: [Diagnostic] = []

    /// - Parameter documents: of all files, in order.
    mutating func apply(to documents: inout [Node]) {
        for index in documents.indices {
            for section in Spec.Section.allCases {
                guard case .sequence(let entries)? = documents[index][section.rawValue]?.content,
                    entries.contains(where: { $0[Self.key] != nil })
                else { continue }
                let left = entries.filter { entry in
                    guard let word = entry.scalar(Self.key)?.text, let name = entry.scalar("name")?.text, !name.isEmpty
                    else { return true }
                    guard let kind = Kind(rawValue: word) else {
                        problems.append(unknown(word, name, section, at: entry[Self.key]?.location ?? entry.location))
                        return false
                    }
                    merge(entry, kind, name, section, into: &documents[..<index])
                    return false
                }
                documents[index].replace(section.rawValue, with: .sequence(left))
            }
        }
    }

    private mutating func merge(
        _ entry: Node, _ kind: Kind, _ name: String, _ section: Spec.Section, into earlier: inout ArraySlice<Node>
    ) {
        let places = Self.places(section, in: earlier)
        let found = places.filter { $0.name == name }
        let location = entry.location
        guard let place = found.first else {
            return problems.append(unknown(name, section, places.map(\.name), at: location, isFirst: earlier.isEmpty))
        }
        guard found.count == 1 else {
            let shown = PlainText.short(name)
            return problems.append(
                Diagnostic(
                    at: location, "\(found.count) \(section.noun) containers before this have the name '\(shown)'",
                    hint: "'merge' needs a name that only one has"))
        }
        guard case .sequence(var entries)? = earlier[place.document][section.rawValue]?.content else { return }
        switch kind {
        case .replace: entries[place.item] = entry.without(Self.key)
        case .extend: entries[place.item] = entries[place.item].extended(by: entry.without(Self.key))
        }
        earlier[place.document].replace(section.rawValue, with: .sequence(entries))
    }

    private func unknown(
        _ name: String, _ section: Spec.Section, _ names: [String], at location: SourceLocation, isFirst: Bool
    ) -> Diagnostic {
        let guess = Spelling.closest(to: name, in: names).map { "did you mean '\($0)'?" }
        let others = names.isEmpty ? nil : "\(section.rawValue): \(names.joined(separator: ", "))"
        let first = isFirst ? "give the file that has it first; 'moby lint --merge' checks several files as one" : nil
        return Diagnostic(
            at: location, "no earlier file has the \(section.noun) '\(PlainText.short(name))' that this merges with",
            hint: guess ?? first ?? others ?? "remove 'merge' to add it")
    }

    private func unknown(_ kind: String, _ name: String, _ section: Spec.Section, at location: SourceLocation)
        -> Diagnostic
    {
        let words = Kind.allCases.map(\.rawValue)
        let who = "\(section.noun) '\(PlainText.short(name))'"
        return Diagnostic(
            at: location,
            "'merge' of \(who) is '\(PlainText.short(kind))', expected '\(words.joined(separator: "' or '"))'",
            hint: Spelling.closest(to: kind, in: words).map { "did you mean '\($0)'?" })
    }

    /// Where the named entries of a section are.
    private static func places(_ section: Spec.Section, in documents: ArraySlice<Node>)
        -> [(name: String, document: Int, item: Int)]
    {
        documents.indices.flatMap { document -> [(name: String, document: Int, item: Int)] in
            guard case .sequence(let entries)? = documents[document][section.rawValue]?.content else { return [] }
            return entries.enumerated().compactMap { item, entry in
                entry.scalar("name").map { ($0.text, document, item) }
            }
        }
    }
}

extension Node {
    /// Gives a key of a mapping another value.
    fileprivate mutating func replace(_ key: String, with value: Content) {
        guard case .mapping(var pairs) = content, let index = pairs.firstIndex(where: { $0.key.value == key }) else {
            return
        }
        pairs[index].value.content = value
        content = .mapping(pairs)
    }

    fileprivate func without(_ key: String) -> Node {
        var node = self
        node.remove(key: key)
        return node
    }

    /// This with the keys of another: mappings are merged, lists are joined, other values are replaced.
    ///
    /// A `command` is one value, though it is a list. Of two variables of one name in `env`, programs see the first, so
    /// the later entry takes the place of the earlier.
    fileprivate func extended(by later: Node) -> Node {
        guard case .mapping(var pairs) = content, case .mapping(let changes) = later.content else { return later }
        for change in changes {
            guard let index = pairs.firstIndex(where: { $0.key.value == change.key.value }) else {
                pairs.append(change)
                continue
            }
            switch (pairs[index].value.content, change.value.content, change.key.value) {
            case (.mapping, .mapping, _): pairs[index].value = pairs[index].value.extended(by: change.value)
            case (.sequence(let items), .sequence(let more), let key) where key != "command":
                pairs[index].value.content = .sequence(key == "env" ? Self.environment(items, more) : items + more)
            default: pairs[index] = change
            }
        }
        var node = self
        node.content = .mapping(pairs)
        return node
    }

    private static func environment(_ items: [Node], _ more: [Node]) -> [Node] {
        func name(_ node: Node) -> Substring? {
            guard case .scalar(let scalar) = node.content else { return nil }
            return scalar.text.prefix { $0 != "=" }
        }
        let replaced = Set(more.compactMap(name))
        return items.filter { name($0).map { !replaced.contains($0) } ?? true } + more
    }
}
