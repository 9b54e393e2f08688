internal import ArgumentParser
internal import Extents
internal import Glibc
internal import MobyBuild
internal import OCI

struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the script that teaches a shell to complete moby's command lines.",
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
                "'\(PlainText.short(shell))' is not a shell with completions, expected bash, zsh or fish")
        }
        print(Self.script(for: shell))
    }

    /// The parser's script. It offers nothing but the names of subcommands behind `moby run`, where a file or prefix
    /// can be too.
    static func script(for shell: CompletionShell) -> String {
        let script = Moby.completionScript(for: shell)
        switch shell {
        case .bash:
            return adding(#" $(compgen -f -- "${cur}")"#, to: script, behind: #"compgen -W 'qemu gcp' -- "${cur}")"#)
        case .zsh:
            return adding(
                "\n        _files && ret=0", to: script, behind: "_describe -V subcommand subcommands && ret=0")
        default: return script + "\ncomplete -c 'moby' -n '__fish_seen_subcommand_from run' -F\n"
        }
    }

    private static func adding(_ text: String, to script: String, behind line: String) -> String {
        guard let function = script.firstRange(of: "_moby_run() {"),
            let place = script[function.upperBound...].firstRange(of: line)
        else {
            return script
        }
        return script[..<place.upperBound] + text + script[place.upperBound...]
    }
}

/// What shells offer for the values of options and arguments.
enum Completions {
    static let specs = CompletionKind.file(extensions: ["yml", "yaml"])
    static let formats = CompletionKind.list(OutputFormat.all.filter(\.isAvailable).map(\.name))
    /// Architectures of images.
    static let architectures = CompletionKind.list(["amd64", "arm64", "riscv64", "s390x"])

    /// Names in the store that the command line, or the environment, names. A store that does not exist is not made.
    static let images = CompletionKind.custom { words, _, _ in
        let option = words.lastIndex(of: "--cache").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
        let joined = words.last { $0.hasPrefix("--cache=") }.map { String($0.dropFirst("--cache=".count)) }
        let path = option ?? joined ?? ContentStore.defaultPath(environment: Terminal.environment)
        // What cannot be read offers nothing: there is nowhere to say why.
        let names = (try? ContentStore(reading: path).entries().map(\.name)) ?? []
        // Behind a colon zsh expects a description.
        return CompletionShell.requesting == .zsh ? names.map { $0.replacing(":", with: "\\:") } : names
    }
}
