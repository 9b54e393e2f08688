internal import ArgumentParser
internal import MobyPackage
internal import OCI

struct PkgLock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Resolve the Debian packages of package folders again and write build.lock.")

    @OptionGroup var global: StoreOptions
    @Option(
        help: ArchitectureOption.help, completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: Platform?
    @Argument(help: "Package folders.", completion: .directory) var directories: [String]

    func run() async throws {
        let platform = arch ?? .host
        let builder = Packages.builder(
            store: try global.store(), platform: platform, products: nil, level: global.level
        ) { _ in }
        for directory in directories {
            let isLocked = try await builder.lock(directory)
            guard global.level > 0 else { continue }
            if isLocked {
                print("\(directory)/build.lock")
            } else {
                Terminal.error("'\(directory)' names no Debian packages: nothing to lock")
            }
        }
    }
}
