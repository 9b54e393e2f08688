package import JSON

extension Node {
    /// Reads JSON into the same tree as YAML: YAML 1.1 lacks JSON's `\ud83d\ude00` and its tabs between things.
    /// - Returns: nil when the text is not one JSON object or array and nothing else; YAML may still know what it is.
    static func json(_ text: String, file: String, _ diagnostics: inout [Diagnostic]) -> Node? {
        guard text.utf8.count <= YAMLReader.sizeLimit else { return nil }
        let bytes = Array(text.utf8)
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let (node, builder) = try? JSONReader.read(bytes, NodeBuilder(bytes, file: file))
        else { return nil }
        diagnostics += builder.diagnostics
        return node
    }
}

/// Makes nodes of JSON, and tells their lines and columns.
private struct NodeBuilder: JSONBuilder {
    private(set) var diagnostics: [Diagnostic] = []
    private let bytes: [UInt8]
    private var location: SourceLocation
    /// Offset of `location`.
    private var offset: Int

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        location = SourceLocation(file: file, line: 1, column: 1)
        offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func position(_ end: Int) -> SourceLocation {
        for index in offset..<max(offset, end) {
            let byte = bytes[index]
            let endsLine = byte == 0x0A || byte == 0x0D && (index + 1 == bytes.count || bytes[index + 1] != 0x0A)
            if endsLine {
                (location.line, location.column) = (location.line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                location.column += 1
            }
        }
        offset = max(offset, end)
        return location
    }

    func scalar(_ value: JSONValue, at position: SourceLocation) -> Node {
        let scalar =
            switch value {
            case .string(let text): Scalar(text)
            case .number(let text): Scalar(text, Int64(text).map { .integer($0) } ?? .float(Double(text) ?? .nan))
            default: Scalar.plain(value.text())
            }
        return Node(content: .scalar(scalar), location: position)
    }

    func array(_ elements: [Node], at position: SourceLocation) -> Node {
        Node(content: .sequence(elements), location: position)
    }

    mutating func object(
        _ members: [(key: String, position: SourceLocation, value: Node)], at position: SourceLocation
    ) -> Node {
        var mapping = MappingMembers()
        for member in members {
            let key = Node(content: .scalar(Scalar(member.key)), location: member.position)
            if let error = mapping.add(key, member.value, at: member.position, mayMerge: false) {
                diagnostics.append(error)
            }
        }
        return Node(content: .mapping(mapping.pairs), location: position)
    }
}

extension JSONValue {
    package init(_ node: Node) {
        switch node.content {
        case .sequence(let items): self = .array(items.map { JSONValue($0) })
        case .mapping(let pairs): self = .object(pairs.map { ($0.key.value, JSONValue($0.value)) })
        case .scalar(let scalar):
            switch scalar.value {
            case .null: self = .null
            case .bool(let value): self = .bool(value)
            case .integer(let value): self = .integer(value)
            case .float(let value): self = .float(value)
            case .string: self = .string(scalar.text)
            }
        }
    }

    /// JSON has neither infinity nor NaN: they are null, as in ECMAScript. From 2^63 on, whole numbers mean unsigned
    /// 64-bit ones; 2^64 is the nearest double to 2^64 − 1, which the kernel reads as "unlimited".
    private static func float(_ value: Double) -> JSONValue {
        guard value.isFinite else { return .null }
        return 0x1p63...0x1p64 ~= value ? .integer(UInt64(exactly: value) ?? .max) : .number(String(value))
    }
}
