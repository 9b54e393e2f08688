internal import ArgumentParser
internal import JSON
internal import MobyBuild
internal import MobySpec

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the YAML file, for editors.",
        usage: "moby schema [--package] [--markdown]",
        discussion: HelpText.discussion(
            "With --markdown: the reference page docs/spec.md, from the same table of keys.",
            examples: ["moby schema >moby.schema.json"], page: "docs/building.md#editor-support"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print the schema of a package's build.yml.") var package = false
    @Flag(help: "Print the reference page instead.") var markdown = false

    func run() {
        if markdown { return print(package ? SpecReference.package : SpecReference.markdown, terminator: "") }
        print(
            (package ? SpecSchema.package : SpecSchema.json(outputFormats: OutputFormat.namesInSpecs)).text(indent: 2))
    }
}
