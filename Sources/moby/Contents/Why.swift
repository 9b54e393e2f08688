internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild

struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Show which image, layer and package a file of a machine comes from.",
        usage: "moby why [options] <path> <file>[.yml]...|<record>|<artifact>",
        discussion: HelpText.discussion(
            "The path is one of the machine's root or of a container's. Symbolic links are followed.",
            examples: ["moby why /usr/sbin/nginx web.yml", "moby why --json /init out/web-build.json"],
            page: "docs/sbom.md"))

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Image options") var images: ImageOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "Path of a file in the machine.") var path: String
    @Argument(help: "Spec files, or a build by its record, a file of it, or its prefix.", completion: Completions.specs)
    var files: [String]

    func run() async throws {
        let input = try await BuiltSpec(files, variables, images, global)
        let found = try await Healing(store: input.store).run {
            try await Builder(store: input.store, options: input.options).origins(of: path, in: input.spec)
        }
        if json { return print(JSONValue.array(found.map(\.json)).text(indent: 2)) }
        print(found.map(\.text).joined(), terminator: "")
    }
}
