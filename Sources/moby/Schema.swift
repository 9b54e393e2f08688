internal import ArgumentParser
internal import JSON
internal import MobyBuild
internal import MobySpec
internal import MobyTest

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the YAML file, for editors.",
        usage: "moby schema [--package | --test | --lock] [--markdown]",
        discussion: HelpText.discussion(
            "With --markdown: the reference page docs/spec.md, from the same table of keys.",
            examples: ["moby schema >moby.schema.json"], page: "docs/building.md#editor-support"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print the schema of a package's build.yml.") var package = false
    @Flag(help: "Print the schema of a test file.") var test = false
    @Flag(help: "Print the schema of a lock.") var lock = false
    @Flag(help: "Print the reference page instead.") var markdown = false

    mutating func validate() throws {
        if package, test { throw ValidationError("--package and --test cannot be combined") }
        if lock, package || test {
            throw ValidationError("--\(package ? "package" : "test") and --lock cannot be combined")
        }
    }

    func run() {
        guard !markdown else {
            let page =
                package
                ? SpecReference.package
                : test ? SpecReference.test : lock ? SpecReference.lock : SpecReference.markdown
            return print(page, terminator: "")
        }
        print((package ? SpecSchema.package : test ? tests : lock ? SpecSchema.lock : specs).text(indent: 2))
    }

    private var specs: JSONValue { SpecSchema.json(outputFormats: OutputFormat.namesInSpecs) }
    private var tests: JSONValue { SpecSchema.test(outputFormats: MachineCase.bootableFormats) }
}
