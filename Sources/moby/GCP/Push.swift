internal import ArgumentParser

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send what was built to a cloud.", subcommands: [PushGCP.self])
}
