/// Where each key and item below a mapping was written: `binds`, `binds[1]`, `runtime.mkdir`.
struct KeyPlaces {
    private(set) var places: [String: SourceLocation] = [:]

    init(_ node: Node) { add(node, "") }

    private mutating func add(_ node: Node, _ path: String) {
        switch node.content {
        case .scalar: break
        case .sequence(let items):
            for (index, item) in items.enumerated() {
                places["\(path)[\(index)]"] = item.location
                add(item, "\(path)[\(index)]")
            }
        case .mapping(let pairs):
            for pair in pairs {
                let inner = path.isEmpty ? pair.key.value : "\(path).\(pair.key.value)"
                places[inner] = pair.key.location
                add(pair.value, inner)
            }
        }
    }
}
