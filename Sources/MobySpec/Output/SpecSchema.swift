public import JSON

/// The JSON Schema of the file, for editors: `moby schema`.
public enum SpecSchema {
    /// What all parts of one schema have in common.
    private struct Context {
        let formats: [String]
        /// Whether a scalar may be a variable in place of a value of its type.
        let hasVariables: Bool
    }

    private typealias Members = [(key: String, value: JSONValue)]

    /// Draft 7, one definition for each table of keys; unknown keys are not accepted anywhere.
    /// - Parameter outputFormats: the names that `outputs` may have; empty for any.
    public static func json(outputFormats: [String] = []) -> JSONValue {
        document(
            KeyTable.spec.description, "urn:moby:schema:spec:1", "moby: a bootable operating system of containers",
            Context(formats: outputFormats, hasVariables: true))
    }

    /// The schema of a package's `build.yml`.
    public static var package: JSONValue {
        document(
            KeyTable.package.description, "urn:moby:schema:package:1", "moby: an image of Debian packages",
            Context(formats: [], hasVariables: false))
    }

    /// The schema of a lock.
    public static var lock: JSONValue {
        document(
            KeyTable.lock.description, "urn:moby:schema:lock:1", "moby: the pinned inputs of a spec",
            Context(formats: [], hasVariables: false))
    }

    /// The schema of a test file.
    /// - Parameter outputFormats: the names that `format` may have; empty for any.
    public static func test(outputFormats: [String] = []) -> JSONValue {
        document(
            KeyTable.test.description, "urn:moby:schema:test:1", "moby: a test of machines",
            Context(formats: outputFormats, hasVariables: false))
    }

    /// The schema of a policy file.
    public static var policy: JSONValue {
        document(
            KeyTable.policy.description, "urn:moby:schema:policy:1", "moby: who must have signed images",
            Context(formats: [], hasVariables: false))
    }

    /// The schema of a file of registries.
    public static var registries: JSONValue {
        document(
            KeyTable.registries.description, "urn:moby:schema:registries:1", "moby: how registries are reached",
            Context(formats: [], hasVariables: false))
    }

    /// - Parameter id: identifies the schema. Its number goes up when a file that was valid no longer is.
    private static func document(_ root: KeyTableDescription, _ id: String, _ title: String, _ context: Context)
        -> JSONValue
    {
        let head: Members = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")), ("$id", .string(id)),
            ("title", .string(title)),
        ]
        let definitions = root.reachable.dropFirst().map { table in
            (table.name, JSONValue.object([("title", .string(table.name))] + object(table, context)))
        }
        return .object(head + object(root, context) + [("definitions", .object(definitions))])
    }

    private static func object(_ table: KeyTableDescription, _ context: Context) -> Members {
        var members: Members =
            [("type", .string("object"))] + description(table.intro)
            + [("additionalProperties", table.others.map { property($0, context) } ?? .bool(false))]
        let required = table.rows.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        members.append(("properties", .object(table.rows.map { ($0.name, property($0, context)) })))
        return members
    }

    private static func property(_ row: KeyTableDescription.Row, _ context: Context) -> JSONValue {
        var own = description(row.doc)
        if let value = row.absentValue.flatMap(value) { own.append(("default", value)) }
        if let example = value(row.example) { own.append(("examples", .array([example]))) }
        let members = schema(row.shape, context)
        // Draft 7 ignores the siblings of a reference, hence allOf.
        let isReference = members.first?.key == "$ref"
        return .object(own + (isReference ? [("allOf", .array([.object(members)]))] : members))
    }

    private static func schema(_ shape: Shape, _ context: Context) -> Members {
        guard context.hasVariables, shape.isNarrow else { return plain(shape, context) }
        return [("anyOf", .array([.object(plain(shape, context)), variable]))]
    }

    /// A text with a variable in it.
    private static let variable = JSONValue.object([
        ("type", .string("string")), ("pattern", .string("\\$\\{[A-Za-z_]")),
    ])

    private static func plain(_ shape: Shape, _ context: Context) -> Members {
        switch shape {
        case .string(let pattern): return string(pattern)
        case .choice(let words): return choice(words)
        case .word(let words): return [("type", .string("string")), ("enum", .array(words.map { .string($0) }))]
        case .outputFormat: return context.formats.isEmpty ? string(".") : choice(context.formats)
        case .text: return [("type", .strings(["string", "number", "boolean"]))]
        case .textOrNothing: return [("type", .strings(["string", "number", "boolean", "null"]))]
        case .boolean:
            // The words of YAML 1.1, which are strings to an editor that reads YAML 1.2.
            return [
                ("type", .array([.string("boolean"), .string("string")])),
                ("pattern", .string("^([Yy]|[Nn]|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|YES|NO|ON|OFF)$")),
            ]
        case .integer(let range):
            guard let range else { return [("type", .string("integer"))] }
            let upper: Members = range.upperBound == .max ? [] : [("maximum", .integer(range.upperBound))]
            return [("type", .string("integer")), ("minimum", .integer(range.lowerBound))] + upper
        case .list(let item): return [("type", .string("array")), ("items", .object(schema(item, context)))]
        case .map(let value):
            return [("type", .string("object")), ("additionalProperties", .object(schema(value, context)))]
        case .object(let table): return [("$ref", .string("#/definitions/\(table.name)"))]
        case .either(let a, let b): return [("anyOf", .array([a, b].map { .object(schema($0, context)) }))]
        case .restricted(let shape, let text):
            let further = value(text).map { [$0] } ?? []
            return [("allOf", .array([.object(schema(shape, context))] + further))]
        }
    }

    private static func string(_ pattern: String?) -> Members {
        [("type", .string("string"))] + (pattern.map { [("pattern", .string($0))] } ?? [])
    }

    /// Editors that read YAML 1.1 take the word `no` for a boolean, and so does the reader of files.
    private static func choice(_ words: [String]) -> Members {
        guard words.contains("no") else {
            return [("type", .string("string")), ("enum", .array(words.map { .string($0) }))]
        }
        return [("enum", .array(words.map { .string($0) } + [.bool(false)]))]
    }

    /// A value of a table's row, or a schema of a shape, out of its text.
    private static func value(_ text: String) -> JSONValue? {
        var problems: [Diagnostic] = []
        return YAMLReader.read(text, file: "schema", &problems).map { JSONValue($0) }
    }

    /// Plain for editors that show descriptions as they are, and in Markdown for those that render it.
    private static func description(_ doc: String) -> Members {
        let line = doc.split(separator: "\n").joined(separator: " ")
        let plain: Members = [("description", .string(line.replacing("`", with: "'")))]
        return line.contains("`") ? plain + [("markdownDescription", .string(line))] : plain
    }
}

extension Shape {
    /// Whether it is a scalar, but does not accept every string.
    fileprivate var isNarrow: Bool {
        switch self {
        case .string(let pattern): pattern != nil
        case .choice, .word, .outputFormat, .boolean, .integer: true
        case .list, .text, .textOrNothing, .map, .object, .either, .restricted: false
        }
    }
}
