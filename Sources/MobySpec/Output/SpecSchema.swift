/// The JSON Schema of the file, for editors: `moby schema`.
public enum SpecSchema {
    /// Draft 7, one definition for each table of keys; unknown keys are not accepted anywhere.
    public static var json: JSONValue {
        let root = KeyTable.spec.description
        var members: [(key: String, value: JSONValue)] = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")),
            ("title", .string("moby: a bootable operating system of containers")),
        ]
        if case .object(let own) = object(root) { members += own }
        let definitions = root.reachable.dropFirst().map { ($0.name, object($0)) }
        return .object(members + [("definitions", .object(definitions))])
    }

    private static func object(_ table: KeyTableDescription) -> JSONValue {
        let rows = table.rows.filter { row in
            if case .refused = row.shape { return false }
            return true
        }
        var members: [(key: String, value: JSONValue)] = [
            ("type", .string("object")), ("description", .string(plain(table.intro))), ("additionalProperties", .bool(false)),
        ]
        let required = rows.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        members.append(("properties", .object(rows.map { ($0.name, property($0)) })))
        return .object(members)
    }

    private static func property(_ row: KeyTableDescription.Row) -> JSONValue {
        guard case .object(let members) = schema(row.shape) else { return .bool(true) }
        // Draft 7 ignores what stands beside a reference, so that goes into allOf.
        let isReference = members.first?.key == "$ref"
        let own = isReference ? [(key: "allOf", value: JSONValue.array([.object(members)]))] : members
        return .object([("description", .string(plain(row.doc)))] + own)
    }

    private static func schema(_ shape: Shape) -> JSONValue {
        func type(_ name: String, _ more: [(key: String, value: JSONValue)] = []) -> JSONValue { .object([("type", .string(name))] + more) }
        switch shape {
        case .string(let pattern): return type("string", pattern.map { [("pattern", .string($0))] } ?? [])
        case .choice(let words): return type("string", [("enum", .array(words.map { .string($0) }))])
        case .boolean: return type("boolean")
        case .integer(let range):
            guard let range else { return type("integer") }
            let upper: [(key: String, value: JSONValue)] = range.upperBound == .max ? [] : [("maximum", .integer(range.upperBound))]
            return type("integer", [("minimum", .integer(range.lowerBound))] + upper)
        case .list(let item): return type("array", [("items", schema(item))])
        case .map(let value): return type("object", [("additionalProperties", schema(value))])
        case .object(let table): return .object([("$ref", .string("#/definitions/\(table.name)"))])
        case .either(let a, let b): return .object([("anyOf", .array([schema(a), schema(b)]))])
        case .refused: return .bool(false)
        }
    }

    /// Editors show descriptions as they are.
    private static func plain(_ doc: String) -> String {
        doc.split(separator: "\n").joined(separator: " ").replacing("`", with: "'")
    }
}
