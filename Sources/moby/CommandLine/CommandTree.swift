internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MachineModel
internal import MobyBuild
internal import MobySpec
internal import OCI

/// The commands and their options, as the argument parser knows them. Making it takes some milliseconds, so only
/// command lines that need it do.
struct CommandTree: Decodable {
    /// One option or flag.
    struct Option: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let kind: String
        let names: [Name]?
        let shouldDisplay: Bool
        let abstract: String?
        let valueName: String?

        var takesValue: Bool { kind == "option" }
        var longNames: [String] { (names ?? []).filter { $0.kind == "long" }.map(\.name) }
        var shortNames: [String] { (names ?? []).filter { $0.kind == "short" }.map(\.name) }
        /// Its name on a command line: the first long one.
        var word: String { longNames.first.map { "--" + $0 } ?? shortNames.first.map { "-" + $0 } ?? "" }
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool?
    let defaultSubcommand: String?
    let subcommands: [CommandTree]?
    let arguments: [Option]?

    /// - Throws: `DecodingError` when the parser writes an unknown form.
    static func read() throws -> CommandTree {
        struct Document: Decodable { let command: CommandTree }
        return try JSONDecoder().decode(Document.self, from: Data(Moby._dumpHelp().utf8)).command
    }

    var options: [Option] { (arguments ?? []).filter { $0.kind != "positional" } }

    /// The options of this command and of all below it, as they may be in front of a subcommand's name.
    var optionsBelow: [Option] { options + (subcommands ?? []).flatMap(\.optionsBelow) }

    func subcommand(_ name: String) -> CommandTree? { subcommands?.first { $0.commandName == name } }

    /// - Throws: `UsageError` that suggests a command.
    func unknown(_ word: String, below path: [String]) -> UsageError {
        let names = (subcommands ?? []).map(\.commandName)
        let shown = PlainText.short((path + [word]).joined(separator: " "))
        if let hint = OldFlags.hint(word, path) {
            return UsageError("unknown command '\(shown)'", hint: hint, command: path)
        }
        guard let guess = Spelling.closest(to: word, in: names) else {
            return UsageError(
                "unknown command '\(shown)'", hint: "the commands are \(names.joined(separator: ", "))", command: path)
        }
        return UsageError(
            "unknown command '\(shown)'; did you mean '\((path + [guess]).joined(separator: " "))'?", command: path)
    }

    /// The commands, as `build` and `cache pull`, that have an option of this long name.
    func commands(with name: String) -> [String] {
        let own = options.contains { $0.shouldDisplay && $0.longNames.contains(name) } ? [[String]()] : []
        let below = (subcommands ?? []).flatMap { command in
            command.commands(with: name).map { $0.isEmpty ? [command.commandName] : [command.commandName, $0] }
        }
        return (own + below).map { $0.joined(separator: " ") }
    }
}

struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a shell completion script.",
        usage: "moby completion bash|zsh|fish",
        discussion: """
            bash: source <(moby completion bash), for instance in ~/.bashrc. \
            zsh: moby completion zsh > _moby, in a folder of $fpath. \
            fish: moby completion fish > ~/.config/fish/completions/moby.fish.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "bash, zsh or fish.", completion: .list(CompletionShell.allCases.map(\.rawValue).sorted()))
    var shell: String

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell) else {
            throw ValidationError(
                "'\(PlainText.short(shell))' is not a supported shell; expected bash, zsh or fish")
        }
        print(Self.script(for: shell))
    }

    /// The parser's script. It offers nothing but the names of subcommands behind `moby run`, where a file or prefix
    /// can be too.
    static func script(for shell: CompletionShell) -> String {
        let script = Moby.completionScript(for: shell)
        switch shell {
        case .bash:
            return adding(
                #" $(compgen -f -- "${cur}")"#, to: script,
                behind: "compgen -W '\(Run.backends.joined(separator: " "))' -- \"${cur}\")")
        case .zsh:
            return adding(
                "\n        _files && ret=0", to: script, behind: "_describe -V subcommand subcommands && ret=0")
        default: return script + "\ncomplete -c 'moby' -n '__fish_seen_subcommand_from run' -F\n"
        }
    }

    private static func adding(_ text: String, to script: String, behind line: String) -> String {
        guard let function = script.firstRange(of: "_moby_run() {"),
            let end = script[function.upperBound...].firstRange(of: line)
        else {
            return script
        }
        return script[..<end.upperBound] + text + script[end.upperBound...]
    }
}

/// What shells offer for the values of options and arguments.
enum Completions {
    static let specs = CompletionKind.file(extensions: ["yml", "yaml"])
    /// One or several, separated by commas.
    static let formats = CompletionKind.custom { _, _, prefix in
        let others = prefix.lastIndex(of: ",").map { prefix[...$0] } ?? ""
        return OutputFormat.all.filter(\.isAvailable).map { others + $0.name }
    }
    /// Architectures of images.
    static let architectures = CompletionKind.list(Architecture.virtualMachines.map(\.name))

    /// Names in the store that the command line, or the environment, names. A store that does not exist is not created.
    static let images = CompletionKind.custom { words, _, _ in
        let option = words.lastIndex(of: "--cache").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
        let joined = words.last { $0.hasPrefix("--cache=") }.map { String($0.dropFirst("--cache=".count)) }
        let path = option ?? joined ?? ContentStore.defaultPath(environment: Terminal.environment)
        // Completion cannot report why a store cannot be read.
        let names = (try? ContentStore(reading: path).entries().map(\.name)) ?? []
        // Behind a colon zsh expects a description.
        return CompletionShell.requesting == .zsh ? names.map { $0.replacing(":", with: "\\:") } : names
    }

    /// Registries that a file of logins names. What completion cannot read it does not offer.
    static let registries = CompletionKind.custom { _, _, _ in
        let names = CredentialFiles.check(environment: Terminal.environment).flatMap(\.hosts)
        return CompletionShell.requesting == .zsh ? names.map { $0.replacing(":", with: "\\:") } : names
    }
}
