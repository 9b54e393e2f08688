internal import ArgumentParser
internal import JSON
internal import MobyBuild
internal import MobySpec
internal import OCI

/// The form of `moby explain`.
struct ExplainOutput: ParsableArguments {
    @Flag(help: "Print JSON: the configuration, and origins by JSON pointer.") var json = false
}

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print a container's final config.json and the origin of each value.",
        usage: "moby explain [options] <file>... <container>",
        discussion: HelpText.discussion(
            "Nothing is built; images are fetched if the store does not have them.",
            examples: ["moby explain web.yml nginx"], page: "docs/building.md"))

    @OptionGroup(title: "Output options") var output: ExplainOutput
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Image options") var images: ImageOptions
    @OptionGroup(title: "Lock options") var lock: LockOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "YAML files, then the name of a container.", completion: Completions.specs) var arguments: [String]

    mutating func validate() throws {
        if arguments.count < 2 { throw ValidationError("expected a file and the name of a container") }
    }

    func run() async throws {
        let store = try images.offline ? global.storeToRead() : global.store()
        var provider = try images.provider(global)
        let lock = try LockFile.find(Array(arguments.dropLast()), lock)
        let packages = try Packages(store: store, provider: provider, level: global.level, lock: lock?.lock)
        let spec = try await SpecInput.spec(
            Array(arguments.dropLast()), global.source, variables, isOffline: images.offline
        ) {
            try packages.reference($0)
        }
        if let lock {
            let problems = try lock.problems(spec, packages, provider.platform, isFrozen: self.lock.frozen)
            guard !problems.contains(where: { $0.severity == .error }) else { throw SpecError(problems) }
            provider.pins = lock.lock.pins(file: lock.path)
        }
        var options = BuildOptions()
        options.provider = provider
        let explanation = try await Healing(store: store).run { [options] in
            let spec = images.offline ? spec : try await packages.build(for: spec)
            return try await Builder(store: store, options: options).explain(spec, name: arguments[arguments.count - 1])
        }
        let image = spec.containers.first { $0.name == arguments[arguments.count - 1] }?.image.value
        BuildReport.note(image.map { packages.notes(on: $0) } ?? [], level: global.level)
        print(output.json ? explanation.json.text(indent: 2) + "\n" : explanation.text, terminator: "")
    }
}
