internal import ArgumentParser
internal import MobySpec
internal import OCI

struct CacheList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the images by name, with the digest each stands for.")

    @OptionGroup var global: StoreOptions
    @Flag(help: "Print JSON, with the layers of this machine's platform.") var json = false

    func run() throws {
        let store = try global.storeToRead()
        let entries = try store.entries()
        for file in try store.damagedReferences() {
            Terminal.error("warning: '\(file)' of the store is damaged; 'moby cache verify --repair' removes it")
        }
        guard json else { return entries.forEach { print($0.name, $0.descriptor.digest) } }
        let list = try entries.map { entry in
            let layers = try store.image(named: entry.name, platform: .host)?.layers ?? []
            return JSONValue.object([
                ("name", .string(entry.name)), ("digest", .string(entry.descriptor.digest.description)),
                ("layers", .array(layers.map(Self.layer))),
            ])
        }
        print(JSONValue.array(list).text(indent: 2))
    }

    private static func layer(_ layer: Image.Layer) -> JSONValue {
        .object([
            ("digest", .string(layer.digest.description)), ("size", .integer(Int64(layer.size))),
            ("diffID", .string(layer.diffID.description)),
        ])
    }
}
