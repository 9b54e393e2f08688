internal import ArgumentParser
internal import MachineModel
internal import MobyBuild
internal import MobySpec
internal import OCI

/// `--offline` of the commands that have no other of ``ImageOptions``.
struct OfflineOption: ParsableArguments {
    @Flag(help: "Use only what the store has, not the network.") var offline = false
}

/// `--policy`.
struct PolicyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Refuse images that do not meet this policy (default: the spec's).", valueName: "file"),
        completion: .file())
    var policy: String?

    /// - Throws: errors of the policy.
    var check: PolicyCheck? { get throws { try policy.map { try PolicyCheck(file: $0) } } }
}

/// Options of the commands that fetch images.
struct ImageOptions: ParsableArguments {
    @OptionGroup var architecture: ArchitectureOption
    @Flag(help: "Ask the registry even when the store has the image.") var pull = false
    @Flag(help: "Use only what the store has, not the network.") var offline = false
    @OptionGroup var policy: PolicyOption

    mutating func validate() throws {
        if pull, offline { throw ValidationError("--pull and --offline cannot be combined") }
    }

    /// - Throws: errors of the policy.
    func provider(_ global: FetchOptions) throws -> ImageProvider.Options {
        var options = try Self.defaults(global)
        options.admit = try policy.check?.admit
        if let arch = architecture.arch { options.platform = arch }
        options.pull = offline ? .never : pull ? .always : .missing
        return options
    }

    /// For commands without these options.
    static func defaults(_ global: FetchOptions) throws -> ImageProvider.Options {
        var options = try global.registries.access.provider(global.source.web)
        options.mirrors = global.registries.mirror
        return options
    }
}

extension RegistryAccessOptions {
    /// - Throws: errors of the file of registries.
    func provider(_ web: WebOptions) throws -> ImageProvider.Options {
        var options = ImageProvider.Options()
        options.certificateFiles = web.certFile
        options.insecureRegistries = insecureRegistry
        options.secureRegistries = tlsRegistry
        options.rules = try RegistryConfiguration.rules(registries, environment: Terminal.environment)
        options.environment = Terminal.environment
        return options
    }
}

/// The value of `--arch`, the same in every command: a name of a CPU architecture, e.g. `amd64` or `x86_64`.
struct ArchitectureOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("CPU architecture: \(Self.names(\.name, \.linuxName)) (default: that of this machine)."),
        completion: Completions.architectures, transform: Self.platform)
    var arch: Platform?

    var platform: Platform { arch ?? .host }

    static let machineHelp = ArgumentHelp(
        "\(names(\.linuxName, \.name)) (default: the build's, else this host's).")

    /// `amd64 (x86_64), riscv64 or s390x`.
    private static func names(_ first: KeyPath<Architecture, String>, _ second: KeyPath<Architecture, String>)
        -> String
    {
        let names = Architecture.virtualMachines.map { row in
            row[keyPath: first] + (row.name == row.linuxName ? "" : " (\(row[keyPath: second]))")
        }
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }

    /// For images.
    static func platform(_ text: String) throws -> Platform { Platform(architecture: try parse(text).name) }

    /// For machines that QEMU emulates.
    static func machine(_ text: String) throws -> Architecture {
        let architecture = try parse(text)
        guard architecture.virtualMachine == nil else { return architecture }
        let names = Architecture.virtualMachines.map(\.name).joined(separator: ", ")
        throw ValidationError("moby cannot emulate \(architecture); expected one of \(names)")
    }

    /// - Throws: `ValidationError`, exit code 64, for an unknown one.
    private static func parse(_ text: String) throws -> Architecture {
        do { return try Architecture(parsing: text) } catch {
            let names = error.expected
            let guess = Spelling.closest(to: text, in: names + Architecture.all.map(\.linuxName)).map {
                "did you mean '\($0)'?"
            }
            throw ValidationError(
                "unknown architecture; \(guess ?? "expected one of \(names.joined(separator: ", "))")")
        }
    }
}
