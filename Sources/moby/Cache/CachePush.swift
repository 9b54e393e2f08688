internal import ArgumentParser
internal import OCI

struct CachePush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send an image of the store to a registry.")

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @Option(help: ArgumentHelp("Name in the registry (default: the image's own).", valueName: "reference"))
    var remoteName: String?
    @Argument(help: "Name of an image in the store.", completion: Completions.images) var name: String

    func run() async throws {
        let options = images.provider(global)
        let provider = ImageProvider(store: try global.storeToRead(), options: options)
        let digest = try await provider.push(name, to: remoteName)
        if global.level > 0 { print(remoteName ?? name, digest) }
    }
}
