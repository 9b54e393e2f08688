internal import ArgumentParser
internal import Glibc
internal import OCI

struct CachePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove content that no name leads to and segments that are old.")

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("Keep what was used in the last so many days.", valueName: "n")) var days = 7

    func run() throws {
        let pruned = try global.store().prune(notUsedSince: Int64(time(nil)) - Int64(days) * 86400)
        if global.level > 0 { print("removed \(pruned.files) files, \(Terminal.size(pruned.bytes))") }
    }
}
