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
        `moby lint FILE` reports every error of a file; `moby schema` prints a JSON Schema, with which an editor does
        ([building.md](building.md)); `moby schema --markdown` prints this page.

        - Of several documents in a file, the first is read. Anchors, aliases and merge keys (`<<`) work. An empty file is an error.
        - `"@pkg:FOLDER"` (with quotes, relative to the file, for standard input to the working directory) means the image that the package
          in FOLDER builds, instead of any value; `"@moby:NAME"` the system image NAME that is installed with moby, as `moby pkg ls` lists
          them ([packages.md](packages.md#system-images)).
        - An image is written `nginx:1.27`, `ghcr.io/acme/web@sha256:…`, `oci:DIR[:TAG]`, `oci-archive:FILE` or `docker-archive:FILE`.
        - Absent and empty are different: `command: []` replaces the image's command with none.
        - Several files may be given. They are read left to right: lists are joined, and keys of `kernel` and `boot` are replaced. A container
          with [`merge`](#container) changes that of its name in an earlier file.
        - [Variables](building.md#variables), `${NAME}`, are expanded in a file that has the section `variables`, and in all files when `--set`,
          `--env` or `--env-file` is given. In other files `${…}` is text.
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

    /// The reference page of a test file, `docs/test-spec.md`.
    public static var test: String {
        testPreface + KeyTable.test.description.reachable.map { section($0, since: false) }.joined(separator: "\n")
    }

    private static let testPreface = """
        # The test file

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        `web.test.yml` next to `web.yml` says what `moby test web.yml` expects of the machines that it boots ([testing.md](testing.md)). It is
        YAML in UTF-8; unknown keys are errors. `moby lint web.test.yml` reports all that is wrong with it; `moby schema --test` prints a JSON
        Schema, with which an editor completes and checks it; `moby schema --test --markdown` prints this page. Required keys are **bold**.
        Times are seconds, or have `ms`, `s`, `m` or `h`. Sizes have `k`, `M` or `G`, powers of 1000 as builds print them, or `Ki`, `Mi` or `Gi`; memory
        and disks of `machine` are in MiB, as for `moby run`.


        """

    /// The reference page of a lock, `docs/lock-spec.md`.
    public static var lock: String {
        lockPreface + KeyTable.lock.description.reachable.map { section($0, since: false) }.joined(separator: "\n")
    }

    private static let lockPreface = """
        # The lock file

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        `web.lock.yml` next to `web.yml` pins every input of a build ([lock.md](lock.md)). `moby lock` writes it, in YAML and always in the same order.
        Unknown keys are errors. `moby schema --lock` prints a JSON Schema; `moby schema --lock --markdown` prints this page. Required keys are **bold**.


        """

    /// The reference page of a policy file, `docs/policy-spec.md`.
    public static var policy: String {
        policyPreface + KeyTable.policy.description.reachable.map { section($0, since: false) }.joined(separator: "\n")
    }

    private static let policyPreface = """
        # The policy file

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        A policy, named by `--policy` or by `policy:` in a spec, says which images a build may use and who must have signed them
        ([signatures.md](signatures.md)). It is YAML in UTF-8; unknown keys are errors. `moby schema --policy` prints a JSON Schema, with which an
        editor completes and checks it; `moby schema --policy --markdown` prints this page. Required keys are **bold**.


        """

    /// The reference page of a file of registries, `docs/registries-spec.md`.
    public static var registries: String {
        registriesPreface
            + KeyTable.registries.description.reachable.map { section($0, since: false) }.joined(separator: "\n")
    }

    private static let registriesPreface = """
        # The file of registries

        <!-- Made from the tables in Sources/MobySpec/Keys/Tables; `make docs` writes it again. -->

        `registries.yml` says how registries are reached: mirrors, TLS, certificates ([registries.md](registries.md#the-file-of-registries)). It is YAML
        in UTF-8; unknown keys are errors. `moby schema --registries` prints a JSON Schema; `moby schema --registries --markdown` prints this page.
        Required keys are **bold**.


        """

    private static func section(_ table: KeyTableDescription) -> String { section(table, since: true) }

    /// - Parameter since: whether the table has the column of that name.
    private static func section(_ table: KeyTableDescription, since: Bool) -> String {
        let rows = (table.rows + [table.others].compactMap(\.self)).map { row in
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
