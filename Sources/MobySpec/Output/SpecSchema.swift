public import JSON

/// The JSON Schema of the file, for editors: `moby schema`.
public enum SpecSchema {
    private typealias Members = [(key: String, value: JSONValue)]

    /// Draft 7, one definition for each table of keys; unknown keys are not accepted anywhere.
    /// - Parameter outputFormats: the names that `outputs` may have; empty for any.
    public static func json(outputFormats: [String] = []) -> JSONValue {
        document(
            KeyTable.spec.description, "urn:moby:schema:spec:1", "moby: a bootable operating system of containers",
            outputFormats)
    }

    /// The schema of a package's `build.yml`.
    public static var package: JSONValue {
        document(KeyTable.package.description, "urn:moby:schema:package:1", "moby: an image of Debian packages", [])
    }

    /// - Parameter id: identifies the schema. Its number goes up when a file that was valid no longer is.
    private static func document(_ root: KeyTableDescription, _ id: String, _ title: String, _ formats: [String])
        -> JSONValue
    {
        let head: Members = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")), ("$id", .string(id)),
            ("title", .string(title)),
        ]
        let definitions = root.reachable.dropFirst().map { table in
            (table.name, JSONValue.object([("title", .string(table.name))] + object(table, formats)))
        }
        return .object(head + object(root, formats) + [("definitions", .object(definitions))])
    }

    private static func object(_ table: KeyTableDescription, _ formats: [String]) -> Members {
        var members: Members =
            [("type", .string("object"))] + description(table.intro) + [("additionalProperties", .bool(false))]
        let required = table.rows.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        members.append(("properties", .object(table.rows.map { ($0.name, property($0, formats)) })))
        return members
    }

    private static func property(_ row: KeyTableDescription.Row, _ formats: [String]) -> JSONValue {
        var own = description(row.doc)
        if let value = row.absentValue.flatMap(value) { own.append(("default", value)) }
        if let example = value(row.example) { own.append(("examples", .array([example]))) }
        let members = schema(row.shape, formats)
        // Draft 7 ignores the siblings of a reference, hence allOf.
        let isReference = members.first?.key == "$ref"
        return .object(own + (isReference ? [("allOf", .array([.object(members)]))] : members))
    }

    private static func schema(_ shape: Shape, _ formats: [String]) -> Members {
        switch shape {
        case .string(let pattern): return string(pattern)
        case .choice(let words): return choice(words)
        case .word(let words): return [("type", .string("string")), ("enum", .array(words.map { .string($0) }))]
        case .outputFormat: return formats.isEmpty ? string(".") : choice(formats)
        case .text: return [("type", .strings(["string", "number", "boolean"]))]
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
        case .list(let item): return [("type", .string("array")), ("items", .object(schema(item, formats)))]
        case .map(let value):
            return [("type", .string("object")), ("additionalProperties", .object(schema(value, formats)))]
        case .object(let table): return [("$ref", .string("#/definitions/\(table.name)"))]
        case .either(let a, let b): return [("anyOf", .array([a, b].map { .object(schema($0, formats)) }))]
        case .restricted(let shape, let text):
            let further = value(text).map { [$0] } ?? []
            return [("allOf", .array([.object(schema(shape, formats))] + further))]
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
        var faults: [Diagnostic] = []
        return YAMLReader.read(text, file: "schema", &faults).map { JSONValue($0) }
    }

    /// Plain for editors that show descriptions as they are, and in Markdown for those that render it.
    private static func description(_ doc: String) -> Members {
        let line = doc.split(separator: "\n").joined(separator: " ")
        let plain: Members = [("description", .string(line.replacing("`", with: "'")))]
        return line.contains("`") ? plain + [("markdownDescription", .string(line))] : plain
    }
}

/// The reference page of the file, `docs/spec.md`: made of the tables of keys.
public enum SpecReference {
    /// The whole page, with a line break at its end.
    public static var markdown: String {
        let root = KeyTable.spec.description
        let label = KeyTable.options.description
        let sections = root.reachable.map(section)
        return preface + sections.joined(separator: "\n") + "\n## \(label.name)\n\n\(label.intro)\n"
    }

    private static let preface = """
        # The YAML file

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        A file is YAML or JSON, in UTF-8 or UTF-16. Keys are written as here, upper and lower case matter, and unknown keys are errors.
        `moby lint FILE` reports all that is wrong with a file; `moby schema` prints a JSON Schema, with which an editor does
        ([building.md](building.md)); `moby schema --markdown` prints this page.

        - Of several documents in a file, the first is read. Anchors, aliases and merge keys (`<<`) work. An empty file is an error.
        - `"@pkg:FOLDER"` (with quotes, relative to the file, for standard input to the working directory) means the image that the package
          in FOLDER makes, in place of any value.
        - An image is written `nginx:1.27`, `ghcr.io/acme/web@sha256:…`, `oci:DIR[:TAG]`, `oci-archive:FILE` or `docker-archive:FILE`.
        - Absent and empty are different: `command: []` replaces the image's command with none.
        - Several files may be given. They are read left to right: lists are joined, and keys of `kernel` and `boot` are replaced.
        - Of a file from a URL, what names files, images or packages of this machine is a warning.

        The column *since* says which programs know a key: `2017` all since the first `moby`, `LinuxKit` LinuxKit of today too,
        `LinuxKit, once` LinuxKit of some years, `2017 only` files of 2017, `moby` this one alone. Required keys are **bold**. Booleans are false by default.


        """

    /// The reference page of a package's `build.yml`, `docs/package-spec.md`.
    public static var package: String {
        let tables = KeyTable.package.description.reachable.filter { $0.name.hasPrefix("package") }
        let text = packagePreface + tables.map { section($0, since: false) }.joined(separator: "\n")
        return text.replacing("](#options)", with: "](spec.md#options)")
    }

    private static let packagePreface = """
        # The package file

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        `build.yml` in a package's folder describes the image that `moby pkg build` makes of it ([packages.md](packages.md)). It is YAML in
        UTF-8; unknown keys are errors. `moby schema --package` prints a JSON Schema, with which an editor completes and checks it;
        `moby schema --package --markdown` prints this page. Required keys are **bold**.


        """

    private static func section(_ table: KeyTableDescription) -> String { section(table, since: true) }

    /// - Parameter since: whether the table has the column of that name.
    private static func section(_ table: KeyTableDescription, since: Bool) -> String {
        let rows = table.rows.map { row in
            let name = row.isRequired ? "**`\(row.name)`**" : "`\(row.name)`"
            let absent = row.absentValue.flatMap { $0 == "false" ? nil : " Default: `\($0)`." } ?? ""
            let example = (row.companion.map { "`\(cell($0))`, " } ?? "") + "`\(cell(row.name + ": " + row.example))`"
            return "| \(name) | \(cell(row.shape.words)) | \(cell(row.doc + absent)) | \(example) |"
                + (since ? " \(row.since.rawValue) |" : "")
        }
        return """
            ## \(table.name)

            \(table.intro)

            | key | type | meaning | example |\(since ? " since |" : "")
            |---|---|---|---|\(since ? "---|" : "")
            \(rows.joined(separator: "\n"))

            """
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
