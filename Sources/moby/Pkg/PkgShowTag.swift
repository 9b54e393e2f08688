internal import ArgumentParser
internal import MobyPackage
internal import OCI

struct PkgShowTag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-tag", abstract: "Print the reference that a package folder's image has now.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "With registry and repository in full.") var canonical = false
    @Option(
        help: ArchitectureOption.help, completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: Platform?
    @Option(help: "Folder of moby's programs for the guest.", completion: .directory) var products: String?
    @Argument(help: "Package folders.", completion: .directory) var directories: [String]

    func run() throws {
        let builder = Packages.builder(
            store: try global.storeToRead(), platform: arch ?? .host, products: products, level: global.level
        ) {
            _ in
        }
        for directory in directories {
            let reference = try builder.reference(of: directory)
            print(
                canonical
                    ? reference
                    : reference.hasPrefix("docker.io/") ? String(reference.dropFirst("docker.io/".count)) : reference)
        }
    }
}
