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

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it anew. -->

        A file is YAML 1.1 or JSON. Keys are written as here, upper and lower case matter, and unknown keys are errors.
        `moby lint FILE` tells all that is wrong with one; `moby schema` prints this page as a JSON Schema for editors.

        - Of several documents in a file, the first is read. Anchors, aliases and merge keys (`<<`) work.
        - `"@pkg:FOLDER"` (with quotes, relative to the file) stands for the image that the package in FOLDER makes, wherever a value stands.
        - Where an image is asked for: `nginx:1.27`, `ghcr.io/acme/web@sha256:…`, `oci:DIR[:TAG]`, `oci-archive:FILE`, `docker-archive:FILE`.
        - Absent and empty are different things: `command: []` replaces the image's command by none.
        - Several files may be given. They are read left to right: lists are put one after the other, and keys of `kernel` and `boot` are replaced.

        The column *since* says who knows a key: `2017` every program since the first `moby`, `LinuxKit` also LinuxKit of today,
        `2017 only` files of 2017, `moby` this one alone. Required keys are **bold**.


        """

    private static func section(_ table: KeyTableDescription) -> String {
        let rows = table.rows.map { row in
            let name = row.isRequired ? "**`\(row.name)`**" : "`\(row.name)`"
            return
                "| \(name) | \(cell(row.shape.words)) | \(cell(row.doc)) | `\(cell(row.name + ": " + row.example))` | \(row.since.rawValue) |"
        }
        return """
            ## \(table.name)

            \(table.intro)

            | key | type | meaning | example | since |
            |---|---|---|---|---|
            \(rows.joined(separator: "\n"))

            """
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
