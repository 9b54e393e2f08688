internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import MobySpec

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

        var takesValue: Bool { kind == "option" }
        var longNames: [String] { (names ?? []).filter { $0.kind == "long" }.map(\.name) }
        var shortNames: [String] { (names ?? []).filter { $0.kind == "short" }.map(\.name) }
        /// What it is called on a command line: the first long name.
        var word: String { longNames.first.map { "--" + $0 } ?? shortNames.first.map { "-" + $0 } ?? "" }
    }

    let commandName: String
    let defaultSubcommand: String?
    let subcommands: [CommandTree]?
    let arguments: [Option]?

    /// - Throws: `DecodingError` when the parser writes what is not known here.
    static func read() throws -> CommandTree {
        struct Document: Decodable { let command: CommandTree }
        return try JSONDecoder().decode(Document.self, from: Data(Moby._dumpHelp().utf8)).command
    }

    var options: [Option] { (arguments ?? []).filter { $0.kind != "positional" } }

    /// The options of this command and of all below it, as they may be in front of a subcommand's name.
    var optionsBelow: [Option] { options + (subcommands ?? []).flatMap(\.optionsBelow) }

    func subcommand(_ name: String) -> CommandTree? { subcommands?.first { $0.commandName == name } }

    /// - Throws: `UsageFault` that suggests a command.
    func unknown(_ word: String, below path: [String]) -> UsageFault {
        let names = (subcommands ?? []).map(\.commandName)
        let shown = PlainText.short((path + [word]).joined(separator: " "))
        guard let guess = Spelling.closest(to: word, in: names) else {
            return UsageFault(
                "unknown command '\(shown)'", hint: "the commands are \(names.joined(separator: ", "))", command: path)
        }
        return UsageFault(
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
