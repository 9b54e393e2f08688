internal import ArgumentParser

struct Metadata: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create metadata CD images.", subcommands: [MetadataCreate.self])
}
