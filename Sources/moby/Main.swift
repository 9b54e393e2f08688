internal import ArgumentParser
internal import Extents
internal import Glibc
internal import MobyRun

/// The command line: parses arguments, calls the library, prints. Nothing else lives here.
@main
struct Moby: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "moby",
        abstract: "Assembles bootable operating systems from OCI images.",
        version: Version.text,
        subcommands: [
            Build.self, Push.self, Run.self, Inspect.self, ListFiles.self, PrintFile.self, Lint.self, Explain.self, Formats.self,
            Schema.self, Cache.self, Pkg.self, Metadata.self, Version.self,
        ])

    static func main() async {
        PartialFiles.surviveBrokenPipes()
        let arguments = GlobalOptions.afterVerb(OldFlags.normalize(Array(CommandLine.arguments.dropFirst())))
        var command: any ParsableCommand
        do {
            try Push.check(arguments)
            try Run.check(arguments)
            command = try parseAsRoot(arguments)
        } catch {
            exit(withError: error)
        }
        PartialFiles.removeOnSignals()
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            ErrorReport.exit(error)
        }
    }
}
