internal import ArgumentParser
internal import MobyBuild
internal import OCI

struct CacheVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare everything in the store with its digest.",
        discussion: "Exit code 1 when something is damaged or missing.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "Remove what is damaged; it is fetched again when needed.") var repair = false

    func run() throws {
        let store = try global.store()
        var found = try store.verify(repair: repair)
        found.damaged += try SegmentCache(store: store.path).damaged(repair: repair)
        for file in found.damaged { print("damaged: \(file)\(repair ? " (removed)" : "")") }
        for image in found.incomplete {
            print("incomplete: \(image.name) lacks \(image.missing.map(\.description).joined(separator: ", "))")
        }
        if global.level > 0 { print("read \(Terminal.size(found.bytes))") }
        guard found.isWhole || (repair && found.incomplete.isEmpty) else { throw ExitCode.failure }
    }
}
