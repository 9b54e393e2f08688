internal import ArgumentParser
internal import OCI

/// Options of the commands that fetch images.
struct ImageOptions: ParsableArguments {
    @Option(
        help: ArchitectureOption.help, completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: Platform?
    @Flag(help: "Ask the registry even when the store has the image.") var pull = false
    @Flag(help: "Use only what the store has, not the network.") var offline = false

    mutating func validate() throws {
        if pull, offline { throw ValidationError("--pull and --offline cannot be combined") }
    }

    func provider(_ global: FetchOptions) -> ImageProvider.Options {
        var options = ImageProvider.Options()
        if let arch { options.platform = arch }
        options.pull = offline ? .never : pull ? .always : .missing
        options.certificateFiles = global.certFile
        options.insecureRegistries = global.insecureRegistry
        options.secureRegistries = global.tlsRegistry
        options.mirrors = global.mirror
        options.environment = Terminal.environment
        if global.level > 0 { options.progress = { Terminal.error($0) } }
        return options
    }
}
