internal import ArgumentParser
internal import MobyPackage
internal import OCI

struct PkgLock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Resolve the Debian packages of package folders anew and write build.lock.")

    @OptionGroup var global: GlobalOptions
    @Option(help: "CPU architecture, in Go's words.") var arch: String?
    @Argument(help: "Package folders.") var directories: [String]

    func run() async throws {
        let platform = arch.map { Platform(architecture: $0) } ?? .host
        let builder = Packages.builder(store: try global.store(), platform: platform, products: nil, level: global.level) { _ in }
        for directory in directories {
            try await builder.lock(directory)
            if global.level > 0 { print("\(directory)/build.lock") }
        }
    }
}
