internal import ArgumentParser
internal import Glibc
internal import OCI

struct CachePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove content that no name leads to and segments that are old.",
        discussion: "While another moby uses the store, what was used in the last day stays.")

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("Keep what was used in the last so many days.", valueName: "n")) var days = 7
    @Flag(help: "Say what would be removed, and remove nothing.") var dryRun = false

    mutating func validate() throws {
        guard (0...36500).contains(days) else { throw ValidationError("--days is \(days), expected 0 to 36500") }
    }

    func run() throws {
        let pruned = try global.storeToRead().prune(
            notUsedSince: Int64(time(nil)) - Int64(days) * 86400, dryRun: dryRun)
        if global.level > 0 {
            print("\(dryRun ? "would remove" : "removed") \(pruned.files) files, \(Terminal.size(pruned.bytes))")
            if pruned.isShared {
                Terminal.error("note: another process uses the store, so what was used in the last day stays")
            }
        }
    }
}
