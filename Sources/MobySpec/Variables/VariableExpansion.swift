internal import Extents

/// Expands the variables in the values of documents, after YAML has been parsed: a value cannot change the structure.
struct VariableExpansion {
    /// The key at the top level that declares variables, and turns expansion on for its file.
    static let key = "variables"

    private(set) var variables: Variables
    /// The names used that have a value, with it.
    private(set) var used: [String: String] = [:]
    /// All names that files declare or use.
    private(set) var known: Set<String> = []
    private(set) var problems: [Diagnostic] = []
    private var seen: Set<Diagnostic> = []
    private var failed: Set<SourceLocation> = []
    /// Bytes of all expanded texts.
    private var size = 0
    private static let sizeLimit = YAMLComposer.aliasLimit

    /// - Parameter documents: later ones win.
    init(_ variables: Variables, declaredIn documents: [Node]) {
        self.variables = variables
        var defaults: [String: String] = [:]
        for document in documents {
            guard case .mapping(let pairs)? = document[Self.key]?.content else { continue }
            for pair in pairs {
                known.insert(pair.key.value)
                guard case .scalar(let scalar) = pair.value.content, scalar.value != .null else { continue }
                defaults[pair.key.value] = scalar.text
            }
        }
        self.variables.declare(defaults)
    }

    /// Whether something at this location could not be expanded: other errors there follow from it.
    func isError(at location: SourceLocation?) -> Bool { location.map(failed.contains) ?? false }

    /// Whether the variables in a document are expanded: in files that know nothing of variables, `${…}` is text.
    private func applies(to document: Node) -> Bool { variables.isGiven || document[Self.key] != nil }

    /// Expands every value of a document, but not keys and not the section that declares variables.
    mutating func expand(_ document: inout Node) {
        guard applies(to: document) else { return }
        guard case .mapping(var pairs) = document.content else { return expandValue(&document) }
        for index in pairs.indices where pairs[index].key.value != Self.key { expandValue(&pairs[index].value) }
        document.content = .mapping(pairs)
    }

    private mutating func expandValue(_ node: inout Node) {
        switch node.content {
        case .scalar(let scalar):
            if VariableText.mayExpand(scalar.text) { node.content = .scalar(expanded(scalar, at: node.location)) }
        case .sequence(var items):
            for index in items.indices { expandValue(&items[index]) }
            node.content = .sequence(items)
        case .mapping(var pairs):
            for index in pairs.indices { expandValue(&pairs[index].value) }
            node.content = .mapping(pairs)
        }
    }

    private mutating func expanded(_ scalar: Scalar, at location: SourceLocation) -> Scalar {
        var text = VariableText(scalar.text, limit: Self.sizeLimit - size) { [variables] in variables[$0] }
        let result = text.expanded()
        size += result.utf8.count
        known.formUnion(text.names)
        for name in text.names { used[name] = variables[name] }
        for problem in text.problems {
            let found = diagnostic(problem, at: location)
            failed.insert(location)
            // An alias brings the same text in again.
            if seen.insert(found).inserted { problems.append(found) }
        }
        // What cannot be expanded is reported once, and not again as an invalid value.
        return text.problems.isEmpty ? scalar.expanded(to: result) : Scalar("unresolved")
    }

    private func diagnostic(_ problem: VariableText.Problem, at location: SourceLocation) -> Diagnostic {
        switch problem {
        case .tooLong:
            return Diagnostic(
                at: location, "the values of variables expand to more than \(Self.sizeLimit >> 20) MiB")
        case .unset(let name):
            let shown = PlainText.short(name)
            let guess = Spelling.closest(to: name, in: variables.names).map { "did you mean '\($0)'? " } ?? ""
            return Diagnostic(
                at: location, "the variable '\(shown)' has no value",
                hint: guess + "set it with --set \(shown)=VALUE, or write $${\(shown)} for text that begins with '${'")
        case .invalid(let text):
            let shown = PlainText.short(text)
            return Diagnostic(
                at: location, "'\(shown)' is not a variable; expected ${NAME} or ${NAME:-default}",
                hint: "write $\(shown) for this text")
        }
    }
}
