internal import ArgumentParser

struct Metadata: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make discs that tell a machine who it is.", subcommands: [MetadataCreate.self])
}
