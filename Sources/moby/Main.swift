internal import ArgumentParser
internal import CLinux
internal import Extents
internal import Glibc

/// The command line: parses arguments, calls the library, prints. Nothing else lives here.
@main
struct Moby: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "moby",
        abstract: "Assemble bootable operating systems from OCI images.",
        discussion: HelpText.discussion(examples: ["moby build web.yml", "moby run web.yml"], page: "README.md")
            + "\n\n" + HelpTopic.list,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Building",
                subcommands: [
                    Init.self, Build.self, Lint.self, Lock.self, WriteBundle.self, Explain.self, Rebuild.self, Pkg.self,
                ]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    Run.self, RunTests.self, MachineList.self, Exec.self, Logs.self, MachineConsole.self, Stop.self,
                    Push.self, Metadata.self,
                ]),
            CommandGroup(
                name: "Looking into files",
                subcommands: [
                    Inspect.self, ListFiles.self, PrintFile.self, Diff.self, Why.self, Sources.self, Sign.self,
                    Verify.self,
                ]),
            CommandGroup(name: "Images and registries", subcommands: [Cache.self, Login.self, Logout.self]),
            CommandGroup(
                name: "About moby",
                subcommands: [
                    Doctor.self, Formats.self, Schema.self, Completion.self, ManPages.self, Version.self,
                ]),
        ])

    static func main() async {
        moby_return_freed_memory()
        PartialFiles.surviveBrokenPipes()
        Terminal.prepare()
        var command: any ParsableCommand
        do { command = try CommandLineReader.command(Array(CommandLine.arguments.dropFirst())) } catch {
            ErrorReport.exit(error)
        }
        PartialFiles.removeOnSignals()
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            ErrorReport.exit(error, command: path(of: type(of: command)))
        }
        Terminal.exit(0)
    }

    /// The words of the command that a command line begins with, e.g. `cache`, `pull`.
    static func path(of arguments: [String]) -> [String] {
        var command: any ParsableCommand.Type = self
        return Array(
            arguments.prefix { word in
                guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
                    return false
                }
                command = next
                return true
            })
    }

    /// The words of a command.
    private static func path(of type: any ParsableCommand.Type) -> [String] {
        for command in configuration.subcommands {
            if command == type { return [command._commandName] }
            if command.configuration.subcommands.contains(where: { $0 == type }) {
                return [command._commandName, type._commandName]
            }
        }
        return []
    }
}
