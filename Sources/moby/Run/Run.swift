internal import ArgumentParser

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a machine from what was built.", subcommands: [RunQEMU.self, RunGCP.self], defaultSubcommand: RunQEMU.self)
}
