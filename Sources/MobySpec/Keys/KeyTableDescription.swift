/// A ``KeyTable`` without its owner's type: what schema and reference page are made of.
struct KeyTableDescription: Sendable {
    struct Row: Sendable {
        var name: String
        var shape: Shape
        var doc: String
        var example: String
        var since: Since
        var isRequired: Bool
        var absentValue: String?
        var companion: String?
    }

    var name: String
    var intro: String
    var rows: [Row]

    /// This table and all that its rows lead to, each once, in the order a reader meets them.
    var reachable: [KeyTableDescription] {
        var found: [KeyTableDescription] = []
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [KeyTableDescription]) {
        guard !found.contains(where: { $0.name == name }) else { return }
        found.append(self)
        for row in rows { row.shape.table?.collect(into: &found) }
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
