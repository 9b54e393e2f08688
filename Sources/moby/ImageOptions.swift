internal import ArgumentParser
internal import MobySpec
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

/// The value of `--arch`, the same in every command: Go's name of a CPU architecture, or another usual one for it
/// (`x86_64`, `aarch64`).
enum ArchitectureOption {
    static let help: ArgumentHelp = "CPU architecture: amd64 (x86_64), arm64 (aarch64) (default: that of this machine)."

    static func platform(_ text: String) throws -> Platform { Platform(architecture: try name(text)) }

    /// - Throws: `ValidationError`, exit code 64, for an unknown one.
    static func name(_ text: String) throws -> String {
        if let name = Platform.architecture(named: text) { return name }
        let names = Platform.architectureNames
        let guess = Spelling.closest(to: text, in: names + ["x86_64", "aarch64"]).map { "did you mean '\($0)'?" }
        throw ValidationError("unknown architecture; \(guess ?? "expected one of \(names.joined(separator: ", "))")")
    }
}
