internal import Extents

/// Makes nodes of events: anchors and aliases, tags, merge keys, duplicate keys.
struct YAMLComposer {
    /// Levels of lists and mappings in each other, aliases expanded.
    static let depthLimit = 64
    /// What all aliases together may add, in bytes of text and 16 more for each node.
    static let aliasLimit = 4 << 20

    private struct Composed {
        var node: Node
        var weight: Int
        var height: Int
    }

    var problems: [Diagnostic] = []
    private let events: YAMLEvents
    private var anchors: [String: Composed] = [:]
    private var open: Set<String> = []
    private var aliasWeight = 0

    init(_ events: YAMLEvents) { self.events = events }

    /// The first document; nil when there is none. More documents are a warning.
    mutating func document() throws(Diagnostic) -> Node? {
        var root: Node?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd: return root
            case .documentStart:
                guard root == nil else {
                    problems.append(
                        Diagnostic(.warning, at: event.location, "only the first document of a file is read"))
                    return root
                }
            default: root = try node(event, depth: 0).node
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(Diagnostic) -> Composed {
        guard depth < Self.depthLimit else { throw tooDeep(event.location) }
        switch event.kind {
        case .alias(let name): return try alias(name, at: event.location, depth: depth)
        case .scalar(let text, let isPlain, let properties):
            let scalar = scalar(text, isPlain: isPlain, tag: properties.tag, at: event.location)
            let node = Node(content: .scalar(scalar), location: event.location)
            return anchored(Composed(node: node, weight: text.utf8.count + 16, height: 1), properties)
        case .sequenceStart(let properties): return try sequence(properties, at: event.location, depth: depth)
        case .mappingStart(let properties): return try mapping(properties, at: event.location, depth: depth)
        default: throw Diagnostic(at: event.location, "not YAML: a value is missing")
        }
    }

    private mutating func alias(_ name: String, at location: SourceLocation, depth: Int) throws(Diagnostic) -> Composed
    {
        guard let anchored = anchors[name] else {
            let shown = PlainText.short(name)
            if open.contains(name) {
                throw Diagnostic(
                    at: location, "alias '*\(shown)' refers to itself", hint: "take it out of the value of '&\(shown)'")
            }
            throw Diagnostic(
                at: location, "unknown anchor '\(shown)'", hint: "write '&\(shown)' before an earlier value")
        }
        guard depth + anchored.height <= Self.depthLimit else { throw tooDeep(location) }
        aliasWeight += anchored.weight
        guard aliasWeight <= Self.aliasLimit else {
            throw Diagnostic(at: location, "aliases expand to more than \(Self.aliasLimit >> 20) MiB")
        }
        return anchored
    }

    private mutating func sequence(_ properties: YAMLEvent.Properties, at location: SourceLocation, depth: Int)
        throws(Diagnostic)
        -> Composed
    {
        begin(properties, standard: "seq", at: location)
        var items: [Node] = []
        var (weight, height) = (16, 1)
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { break }
            let item = try node(event, depth: depth + 1)
            items.append(item.node)
            (weight, height) = (weight + item.weight, max(height, item.height + 1))
        }
        return anchored(
            Composed(node: Node(content: .sequence(items), location: location), weight: weight, height: height),
            properties)
    }

    private mutating func mapping(_ properties: YAMLEvent.Properties, at location: SourceLocation, depth: Int)
        throws(Diagnostic)
        -> Composed
    {
        begin(properties, standard: "map", at: location)
        var members = MappingMembers()
        var (weight, height) = (16, 1)
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let key = try node(event, depth: depth + 1)
            let value = try node(try events.next(), depth: depth + 1)
            (weight, height) = (weight + key.weight + value.weight, max(height, key.height + 1, value.height + 1))
            var isPlain = false
            if case .scalar(_, true, _) = event.kind { isPlain = true }
            if let problem = members.add(key.node, value.node, at: event.location, mayMerge: isPlain) {
                problems.append(problem)
            }
        }
        let node = Node(content: .mapping(members.pairs), location: location)
        return anchored(Composed(node: node, weight: weight, height: height), properties)
    }

    private mutating func begin(_ properties: YAMLEvent.Properties, standard: String, at location: SourceLocation) {
        if let anchor = properties.anchor {
            open.insert(anchor)
            anchors[anchor] = nil
        }
        if let tag = properties.tag, tag != standard, tag != "!" { problems.append(unknown(tag, at: location)) }
    }

    private mutating func anchored(_ composed: Composed, _ properties: YAMLEvent.Properties) -> Composed {
        if let anchor = properties.anchor {
            open.remove(anchor)
            anchors[anchor] = composed
        }
        return composed
    }

    private mutating func scalar(_ text: String, isPlain: Bool, tag: String?, at location: SourceLocation) -> Scalar {
        guard let tag else { return isPlain ? .plain(text) : Scalar(text) }
        if let scalar = Scalar.tagged(text, as: tag) { return scalar }
        if ["null", "bool", "int", "float"].contains(tag) {
            problems.append(Diagnostic(at: location, "'\(PlainText.short(text))' is not a valid !!\(tag)"))
        } else {
            problems.append(unknown(tag, at: location))
        }
        return Scalar(text)
    }

    private func unknown(_ tag: String, at location: SourceLocation) -> Diagnostic {
        Diagnostic(
            at: location, "unknown tag '\(tag.hasPrefix("!") ? "" : "!!")\(PlainText.short(tag))'",
            hint: "remove it; the known tags are !!str, !!int, !!float, !!bool, !!null, !!seq, !!map")
    }

    private func tooDeep(_ location: SourceLocation) -> Diagnostic {
        Diagnostic(at: location, "lists and mappings are nested more than \(Self.depthLimit) levels deep")
    }
}
