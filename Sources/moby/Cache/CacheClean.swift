internal import ArgumentParser
internal import FoundationEssentials
internal import OCI

struct CacheClean: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "clean", abstract: "Remove the whole store.")

    @OptionGroup var global: StoreOptions

    func run() throws {
        // A folder that is no store is not removed by a slip of --cache.
        let path = global.storePath
        guard FileManager.default.fileExists(atPath: "\(path)/oci-layout") else {
            guard FileManager.default.fileExists(atPath: path) else { return }
            throw ValidationError("'\(path)' is no image store: it has no 'oci-layout'")
        }
        try FileManager.default.removeItem(atPath: path)
        if global.level > 0 { print("removed \(path)") }
    }
}
