internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild
internal import MobyPackage
internal import OCI

struct Sources: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "List or download the Debian source packages of what a machine ships.",
        usage: "moby sources [options] <file>[.yml]...|<record>|<artifact>",
        discussion: HelpText.discussion(
            """
            Licences such as the GPL ask whoever passes on programs for their sources. Packages of system images and of images with Debian's \
            package database are listed. Exit code 1 when --fetch does not find all of them.
            """,
            examples: ["moby sources web.yml", "moby sources --fetch sources/ out/web-build.json"], page: "docs/sbom.md"
        ))

    @Flag(help: "Print JSON.") var json = false
    @Option(help: ArgumentHelp("Download them into this folder, with apt.", valueName: "dir"), completion: .directory)
    var fetch: String?
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Image options") var images: ImageOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "Spec files, or a build by its record, a file of it, or its prefix.", completion: Completions.specs)
    var files: [String]

    mutating func validate() throws {
        if fetch != nil, images.offline { throw ValidationError("--fetch and --offline cannot be combined") }
    }

    func run() async throws {
        let input = try await BuiltSpec(files, variables, images, global)
        let found = try await Healing(store: input.store).run {
            try await Builder(store: input.store, options: input.options).sourcePackages(of: input.spec)
        }
        if json {
            print(JSONValue.array(found.map(Self.document)).text(indent: 2))
        } else {
            for source in found {
                let names = source.binaries.compactMap { $0.split(separator: " ").first.map(String.init) }
                print("\(source.name) \(source.version)  \(Set(names).sorted().joined(separator: " "))")
            }
        }
        guard let fetch else { return }
        let platform = input.options.provider.platform
        let builder = try Packages.builder(store: input.store, platform: platform)
        let folder = fetch.hasPrefix("/") ? fetch : try HostFiles.currentFolder() + "/" + fetch
        let missing = try await SourceDownload(builder).fetch(found.map { ($0.name, $0.version) }, into: folder)
        if global.level > 0 {
            Terminal.error(
                "\(found.count - missing.count) of \(found.count) source packages in '\(PlainText.short(fetch))'")
        }
        guard missing.isEmpty else {
            let names = missing.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
            throw BuildError(
                "the archive does not have the sources of \(PlainText.short(names, limit: 2000))",
                hint: "Debian's snapshot service keeps every version")
        }
    }

    private static func document(_ source: SourcePackage) -> JSONValue {
        .object([
            ("name", .string(source.name)), ("version", .string(source.version)),
            ("binaries", .strings(source.binaries)), ("images", .strings(source.images)),
        ])
    }
}
