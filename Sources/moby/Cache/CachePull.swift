internal import ArgumentParser
internal import OCI

struct CachePull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Fetch images into the store.")

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @Argument(help: "Image references; ':latest' is meant where there is neither tag nor digest.") var names: [String]

    func run() async throws {
        var options = images.provider(global)
        if !images.offline { options.pull = .always }
        let provider = ImageProvider(store: try global.store(), options: options)
        for name in names {
            let image = try await provider.image(name)
            if global.level > 0 { print(image.name, image.digest) }
        }
    }
}
