internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild
internal import MobyPackage
internal import OCI

struct Pkg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pkg", abstract: "Build images from Debian packages and files.",
        discussion: HelpText.discussion(
            examples: ["moby pkg ls", "moby pkg build pkg/nginx"], page: "docs/packages.md"),
        subcommands: [PkgBuild.self, PkgList.self, PkgShowTag.self, PkgLock.self])
}

struct PkgBuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the images of package folders into the store.",
        discussion: HelpText.discussion(
            "A folder has a build.yml, and a build.lock that pins its Debian packages. Images that the store has are not built again. "
                + "'@moby:NAME' is a system image of this installation, as 'moby pkg ls' lists them.",
            examples: [
                "moby pkg build pkg/nginx", "moby pkg build @moby:nginx",
                "moby pkg build --update --arch arm64 pkg/nginx",
            ],
            page: "docs/packages.md"))

    @OptionGroup var global: FetchOptions
    @OptionGroup var architecture: ArchitectureOption
    @Option(
        help:
            "Folder of the guest programs init and metadata (default: $MOBY_PRODUCTS, else that of the installation).",
        completion: .directory)
    var products: String?
    @Flag(help: "Build even if the store has the image.") var force = false
    @Flag(help: "Resolve the Debian packages again and write build.lock.") var update = false
    @Flag(help: "Resolve again, with a warning, if the archive no longer offers a pinned package.")
    var refreshMissing = false
    @OptionGroup(title: "Network options") var network: OfflineOption
    @OptionGroup(title: "Shared cache options") var sharing: SharedCacheOptions
    @OptionGroup var output: JSONOption
    @Argument(help: "Package folders, or @moby:NAME.", completion: .directory) var directories: [String]

    mutating func validate() throws {
        if network.offline { try sharing.refuse(with: "--offline") }
    }

    func run() async throws {
        // The builder takes it from the environment.
        _ = try SourceDate.read(Terminal.environment)
        let store = try global.store()
        let shared = try shared(store)
        let builder = try Packages.builder(
            store: store, platform: architecture.platform, products: products
        ) {
            $0.force = force
            $0.update = update
            $0.refreshMissing = refreshMissing
            $0.isOffline = network.offline
        }
        var built: [JSONValue] = []
        for directory in directories {
            let (image, state) = try await image(Packages.folder(directory), builder, shared)
            if !output.json, global.level > 0 { print(image.name, state) }
            built.append(
                .object([
                    ("directory", .string(directory)), ("name", .string(image.name)),
                    ("digest", .string(image.digest.description)), ("platform", .string(image.platform.description)),
                    ("state", .string(state)),
                ]))
        }
        do { try await shared?.send() } catch {
            if output.json { print(JSONValue.array(built).text(indent: 2)) }
            throw error
        }
        if output.json { print(JSONValue.array(built).text(indent: 2)) }
        if let shared, !output.json, global.level > 0 { Terminal.error(shared.report.text) }
    }

    private func shared(_ store: ContentStore) throws -> SharedCache? {
        let options = try sharing.options()
        guard !network.offline, !options.isEmpty else { return nil }
        return try SharedCache(options, store: store, provider: ImageOptions.defaults(global))
    }

    /// The image of a folder, and what was done for it.
    private func image(_ folder: String, _ builder: PackageBuilder, _ shared: SharedCache?) async throws
        -> (Image, String)
    {
        if let shared, !force, !update {
            let reference = try builder.reference(of: folder)
            if try !builder.has(reference),
                let image = try await shared.package(reference, architecture.platform, lazily: false)
            {
                return (image, "fetched")
            }
        }
        let outcome = try await builder.build(folder)
        shared?.note(images: [outcome.image])
        return (outcome.image, outcome.isNew ? "built" : "present")
    }
}

struct PkgList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the system images of this installation, for @moby:NAME.",
        discussion: HelpText.discussion(
            "An image is 'ready' when the store has it; others are pulled or built when a spec names them. "
                + "Fields of --json: name, folder, summary, reference, digest (null until the store has the image), "
                + "source (null unless a registry has it).",
            examples: ["moby pkg ls", "moby pkg ls --json"], page: "docs/packages.md#system-images"))

    @OptionGroup var global: StoreOptions
    @OptionGroup var architecture: ArchitectureOption
    @OptionGroup var output: JSONOption

    func run() throws {
        let store = try global.storeToRead()
        let builder = try Packages.builder(store: store, platform: architecture.platform)
        let installation = try Packages.installation
        let images = try installation.images(of: builder)
        guard !output.json else { return print(JSONValue.array(images.map(\.json)).text(indent: 2)) }
        let width = images.map(\.name.count).max() ?? 0
        for image in images {
            let state = image.digest == nil ? "-" : "ready"
            let name = image.name + String(repeating: " ", count: width - image.name.count)
            print("\(name)  \(state == "-" ? "-    " : state)  \(image.summary)")
        }
        if let share = installation.share, global.level > 0 {
            Terminal.error("from '\(PlainText.short(share))'")
        }
    }
}

struct PkgLock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Resolve the Debian packages of package folders again and write build.lock.",
        discussion: HelpText.discussion(
            examples: ["moby pkg lock pkg/nginx"], page: "docs/packages.md"))

    @OptionGroup var global: StoreOptions
    @OptionGroup var architecture: ArchitectureOption
    @Argument(help: "Package folders, or @moby:NAME.", completion: .directory) var directories: [String]

    func run() async throws {
        let builder = try Packages.builder(store: try global.store(), platform: architecture.platform)
        for directory in directories {
            let lock = try await builder.lock(Packages.folder(directory))
            guard global.level > 0 else { continue }
            if let lock {
                print(lock)
            } else {
                Terminal.error("'\(PlainText.short(directory))' has no Debian packages to lock")
            }
        }
    }
}

struct PkgShowTag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-tag", abstract: "Print the current reference of a package folder's image.",
        discussion: HelpText.discussion(
            examples: ["moby pkg show-tag pkg/nginx"], page: "docs/packages.md"))

    @OptionGroup var global: StoreOptions
    @Flag(help: "Print registry and repository in full.") var canonical = false
    @OptionGroup var architecture: ArchitectureOption
    @Option(help: "Folder of the guest programs init and metadata.", completion: .directory) var products: String?
    @Argument(help: "Package folders, or @moby:NAME.", completion: .directory) var directories: [String]

    func run() throws {
        let builder = try Packages.builder(
            store: try global.storeToRead(), platform: architecture.platform, products: products)
        for directory in directories {
            let reference = try builder.reference(of: Packages.folder(directory))
            print(
                canonical
                    ? reference
                    : reference.hasPrefix("docker.io/") ? String(reference.dropFirst("docker.io/".count)) : reference)
        }
    }
}
