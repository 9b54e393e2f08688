internal import ArgumentParser
internal import OCI

struct CacheRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Forget images by name.",
        discussion: "Their content goes with the next 'moby cache prune'.")

    @OptionGroup var global: StoreOptions
    @Argument(help: "Names, as 'moby cache ls' prints them; shorthand works.", completion: Completions.images)
    var names: [String]

    func run() throws {
        let store = try global.storeToRead()
        let missing = try names.filter { try !store.remove($0) }
        for name in missing { Terminal.error("error: there is no image '\(name)' in '\(store.path)'") }
        if !missing.isEmpty { throw ExitCode.failure }
    }
}
