internal import ArgumentParser
internal import JSON
internal import MobyBuild
internal import MobySpec
internal import MobyTest

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the YAML file, for editors.",
        usage: "moby schema [--package | --test | --lock | --policy | --registries] [--markdown]",
        discussion: HelpText.discussion(
            "With --markdown: the reference page docs/spec.md, from the same table of keys.",
            examples: ["moby schema >moby.schema.json"], page: "docs/building.md#editor-support"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print the schema of a package's build.yml.") var package = false
    @Flag(help: "Print the schema of a test file.") var test = false
    @Flag(help: "Print the schema of a lock.") var lock = false
    @Flag(help: "Print the schema of a policy file.") var policy = false
    @Flag(help: "Print the schema of a file of registries.") var registries = false
    @Flag(help: "Print the reference page instead.") var markdown = false

    /// The schema and the page of each kind of file but the spec.
    private var kinds: [(option: String, isGiven: Bool, schema: JSONValue, page: String)] {
        [
            ("--package", package, SpecSchema.package, SpecReference.package),
            ("--test", test, SpecSchema.test(outputFormats: MachineCase.bootableFormats), SpecReference.test),
            ("--lock", lock, SpecSchema.lock, SpecReference.lock),
            ("--policy", policy, SpecSchema.policy, SpecReference.policy),
            ("--registries", registries, SpecSchema.registries, SpecReference.registries),
        ]
    }

    mutating func validate() throws {
        let given = kinds.filter(\.isGiven).map(\.option)
        if given.count > 1 { throw ValidationError("\(given[0]) and \(given[1]) cannot be combined") }
    }

    func run() {
        let kind = kinds.first(where: \.isGiven)
        guard !markdown else { return print(kind?.page ?? SpecReference.markdown, terminator: "") }
        let schema = kind?.schema ?? SpecSchema.json(outputFormats: OutputFormat.namesInSpecs)
        print(schema.text(indent: 2))
    }
}
