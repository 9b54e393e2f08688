internal import ArgumentParser
internal import MobyBuild
internal import OCI

struct CacheVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare everything in the store with its digest.",
        discussion: "Exit code 1 when something is damaged or missing.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "Remove what is damaged and what was made from it; it is fetched or made again when needed.")
    var repair = false

    func run() throws {
        let store = try global.storeToRead()
        let cache = SegmentCache(store: store)
        // Before the check, which may remove the configurations that tell.
        var found = try store.verify()
        let derived = try cache.derived(from: found.digests, remove: repair)
        if repair, !found.damaged.isEmpty { found = try store.verify(repair: true) }
        let segments = try cache.damaged(repair: repair)
        found.damaged += segments.found.filter { !derived.contains($0) }
        found.stuck += segments.stuck
        for file in found.damaged {
            let isStuck = found.stuck.contains(file)
            print(
                "damaged: \(file)\(isStuck ? " (a folder with files in it: look at them, then remove it)" : repair ? " (removed)" : "")"
            )
        }
        for file in derived { print("made from what is damaged, perhaps: \(file)\(repair ? " (removed)" : "")") }
        for image in found.incomplete {
            print("incomplete: \(image.name) lacks \(image.missing.map(\.description).joined(separator: ", "))")
        }
        if global.level > 0 { print("read \(Terminal.size(found.bytes))") }
        guard found.isWhole || (repair && found.incomplete.isEmpty && found.stuck.isEmpty) else {
            throw ExitCode.failure
        }
    }
}
