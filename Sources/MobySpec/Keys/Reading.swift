/// One walk over a tree of nodes: its position, and the errors it found.
struct Reading {
    enum Step {
        case key(String)
        case index(Int)
        /// A thing with a name of its own: `service 'nginx'`.
        case entry(String)
    }

    /// Errors and warnings, in the order found.
    private(set) var problems: [Diagnostic] = []
    /// Names of things by their noun, including invalid ones, so that references to those are not reported too.
    private(set) var declared: [String: Set<String>] = [:]
    private var path: [Step] = []

    mutating func within<Result>(_ step: Step, _ body: (inout Reading) -> Result) -> Result {
        path.append(step)
        defer { path.removeLast() }
        return body(&self)
    }

    mutating func error(at location: SourceLocation, _ message: String, hint: String? = nil) {
        problems.append(Diagnostic(at: location, message, hint: hint))
    }

    mutating func report(_ diagnostics: [Diagnostic]) { problems += diagnostics }

    /// For a value that is accepted but probably a mistake.
    mutating func warn(at location: SourceLocation, _ message: String, hint: String? = nil) {
        problems.append(Diagnostic(.warning, at: location, message, hint: hint))
    }

    /// Errors inside become warnings.
    mutating func forgiving<Result>(_ body: (inout Reading) -> Result) -> Result {
        let start = problems.count
        defer { for index in start..<problems.count { problems[index].severity = .warning } }
        return body(&self)
    }

    mutating func declare(_ noun: String, _ name: String) { declared[noun, default: []].insert(name) }

    /// `'<subject>' is <what was found>, expected <what>`.
    mutating func mismatch(_ node: Node, expected: String, hint: String? = nil) {
        error(at: node.location, "\(subject) is \(node.described), expected \(expected)", hint: hint)
    }

    /// The current value: `'kernel.cmdline'`, `'runtime.mkdir[0]' of service 'nginx'`.
    var subject: String {
        let (entry, inner) = split
        if inner.isEmpty { return entry ?? "the document" }
        return "'\(inner)'" + (entry.map { " of \($0)" } ?? "")
    }

    /// The mapping that has a key: `in 'kernel'`.
    var context: String { path.isEmpty ? "at the top level" : "in \(subject)" }

    private var split: (entry: String?, inner: String) {
        var entry: String?
        var inner = ""
        for step in path {
            switch step {
            case .key(let key): inner += inner.isEmpty ? key : ".\(key)"
            case .index(let index): inner += "[\(index)]"
            case .entry(let name): (entry, inner) = (name, "")
            }
        }
        return (entry, inner)
    }
}

/// Where each key and item below a mapping was written: `binds`, `binds[1]`, `runtime.mkdir`.
struct KeyLocations {
    private(set) var locations: [String: SourceLocation] = [:]

    init(_ node: Node) { add(node, "") }

    private mutating func add(_ node: Node, _ path: String) {
        switch node.content {
        case .scalar: break
        case .sequence(let items):
            for (index, item) in items.enumerated() {
                locations["\(path)[\(index)]"] = item.location
                add(item, "\(path)[\(index)]")
            }
        case .mapping(let pairs):
            for pair in pairs {
                let inner = path.isEmpty ? pair.key.value : "\(path).\(pair.key.value)"
                locations[inner] = pair.key.location
                add(pair.value, inner)
            }
        }
    }
}
