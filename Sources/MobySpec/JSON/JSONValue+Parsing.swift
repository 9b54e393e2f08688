extension JSONValue {
    /// Reads JSON (RFC 8259). Whole numbers that 64 bits with a sign do not hold become ``number(_:)``.
    /// - Throws: `Diagnostic` with line and column in the text; also for a duplicate key of an object.
    public init(parsing text: String) throws {
        self = JSONValue(try JSONReader.parse(text))
    }

    package init(_ node: Node) {
        switch node.content {
        case .sequence(let items): self = .array(items.map { JSONValue($0) })
        case .mapping(let pairs): self = .object(pairs.map { ($0.key.value, JSONValue($0.value)) })
        case .scalar(let scalar):
            switch scalar.value {
            case .null: self = .null
            case .bool(let value): self = .bool(value)
            case .integer(let value): self = .integer(value)
            case .float(let value): self = .number(value)
            case .string: self = .string(scalar.text)
            }
        }
    }
}
