internal import ArgumentParser
internal import Extents
internal import Glibc
internal import JSON
internal import MobyBuild
internal import OCI
internal import Signatures

struct CachePull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch images into the store.",
        discussion: HelpText.discussion(
            """
            --platform all fetches an image whole: every platform, the attestations in its index, and the signatures and SBOMs that refer to it, so \
            that 'moby cache push' and 'export' can pass it on as it is.
            """,
            examples: ["moby cache pull nginx:1.27", "moby cache pull --platform all ghcr.io/acme/web:2"],
            page: "docs/registries.md#passing-images-on"))

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @OptionGroup var platforms: PlatformsOption
    @OptionGroup var output: JSONOption
    @Argument(help: "Image references; without tag and digest, ':latest'.") var names: [String]

    func run() async throws {
        var options = try images.provider(global)
        if !images.offline { options.pull = .always }
        let provider = ImageProvider(store: try global.store(), options: options)
        var pulled: [(String, Digest)] = []
        for name in names {
            let image = try await pull(name, provider)
            if !output.json, global.level > 0 { print(image.name, image.digest) }
            pulled.append(image)
        }
        if output.json { print(JSONValue.names(pulled).text(indent: 2)) }
    }

    mutating func validate() throws {
        if images.architecture.arch != nil, platforms.platform != nil {
            throw ValidationError("--arch and --platform cannot be combined")
        }
    }

    private func pull(_ name: String, _ provider: ImageProvider) async throws -> (name: String, digest: Digest) {
        guard let platforms = platforms.platform else {
            let image = try await provider.image(name)
            return (image.name, image.digest)
        }
        return (ImageProvider.canonical(name), try await provider.pull(name, for: platforms).digest)
    }
}

/// `--platform` of the commands that copy images.
struct PlatformsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Platforms, or 'all' (default: this machine's).", valueName: "os/arch[/variant],…"),
        completion: .list(["all"]), transform: { text in try usage { try PlatformChoice(text) } })
    var platform: PlatformChoice?
}

struct CachePush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Push an image from the store to a registry.",
        discussion: HelpText.discussion(
            """
            What the store has of every platform, else the image for this one, with the signatures and attestations that were pulled with it. Blobs \
            that another repository of the registry has are not sent again.
            """,
            examples: ["moby cache push --remote-name ghcr.io/acme/web:2 web:2"],
            page: "docs/registries.md#passing-images-on"))

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @Option(help: ArgumentHelp("Name in the registry (default: the image's own).", valueName: "reference"))
    var remoteName: String?
    @Flag(help: "Sign the image in the registry, as 'cosign sign' does, with --key or --signer.") var sign = false
    @OptionGroup var signing: SignerOptions
    @OptionGroup var output: JSONOption
    @Argument(help: "Name of an image in the store.", completion: Completions.images) var name: String

    mutating func validate() throws {
        if sign != signing.isGiven { throw ValidationError("--sign and a key (--key or --signer) require each other") }
    }

    func run() async throws {
        let options = try images.provider(global)
        let signer = try signing.signerIfAny()
        let store = try sign ? global.store() : global.storeToRead()
        let provider = ImageProvider(store: store, options: options)
        let digest = try await provider.push(name, to: remoteName)
        if let signer { _ = try await provider.sign(name, at: remoteName, digest, by: signer) }
        if output.json { return print(JSONValue.names([(remoteName ?? name, digest)]).text(indent: 2)) }
        if global.level > 0 { print(remoteName ?? name, digest) }
    }
}

struct CacheImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import the images of an archive into the store.",
        discussion: HelpText.discussion(
            "Archives of 'moby cache export', 'docker save' and skopeo are accepted, compressed or not, with one image or several.",
            examples: ["moby cache import --platform all site.tar", "docker save web:2 | moby cache import -"],
            page: "docs/registries.md#archives"))

    @OptionGroup var global: StoreOptions
    @OptionGroup var architecture: ArchitectureOption
    @OptionGroup var platforms: PlatformsOption
    @Option(help: "Name for the image, instead of that in the archive.") var name: String?
    @OptionGroup var output: JSONOption
    @Argument(help: "The archive; '-' is standard input.", completion: .file()) var file: String

    func run() throws {
        let store = try global.store()
        let platforms = platforms.platform ?? .these([architecture.platform])
        let entries =
            file == "-"
            ? try store.importArchive(from: STDIN_FILENO, as: name, platforms: platforms)
            : try store.importArchive(file, as: name, platforms: platforms)
        let names = entries.map { ($0.name, $0.descriptor.digest) }
        if output.json { return print(JSONValue.names(names).text(indent: 2)) }
        if global.level > 0 { entries.forEach { print($0.name, $0.descriptor.digest) } }
    }
}

struct CacheExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write images of the store as a tar archive.",
        discussion: HelpText.discussion(
            "Formats: oci (an OCI image layout), docker (also for 'docker load'), filesystem (the files themselves, of one image).",
            examples: [
                "moby cache export --format docker --outfile web.tar web:2",
                "moby cache export --platform all --outfile site.tar web:2 db:5",
            ], page: "docs/registries.md#archives"))

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("The archive; '-' is standard output.", valueName: "file"), completion: .file())
    var outfile: String
    @Option(
        help: "oci, docker or filesystem.", completion: .list(["oci", "docker", "filesystem"]), transform: Self.form)
    var format = ContentStore.ExportForm.oci
    @OptionGroup var platforms: PlatformsOption
    @Option(name: .customLong("name"), help: "Name of the image in the archive, instead of its own.") var newName:
        String?
    @Argument(help: "Names of images in the store.", completion: Completions.images) var names: [String]

    mutating func validate() throws {
        if newName != nil, names.count > 1 { throw ValidationError("--name can name one image only") }
        let isSingle =
            if case .these(let list)? = platforms.platform { list.count == 1 } else { platforms.platform == nil }
        if format == .filesystem, names.count > 1 || !isSingle {
            throw ValidationError("--format filesystem has the files of one image for one platform")
        }
    }

    func run() throws {
        let store = try global.storeToInspect()
        let platforms = platforms.platform ?? .these([.host])
        guard outfile != "-" else {
            try Terminal.checkBinaryOutput(hint: "redirect it, or name a file with --outfile")
            var output = try FileSink(descriptor: STDOUT_FILENO, name: Terminal.outputName)
            try store.export(names, as: newName, platforms: platforms, format) { try output.write($0) }
            return try output.flush()
        }
        try ExtentWriter.stream(to: outfile) { sink in
            try store.export(names, as: newName, platforms: platforms, format) { try sink.write($0) }
        }
    }

    private static func form(_ text: String) throws -> ContentStore.ExportForm {
        guard let form = ContentStore.ExportForm(rawValue: text) else {
            throw ValidationError("--format is '\(text)', expected oci, docker or filesystem")
        }
        return form
    }
}

extension JSONValue {
    /// Names of images with their digests.
    fileprivate static func names(_ images: [(name: String, digest: Digest)]) -> JSONValue {
        .array(images.map { .object([("name", .string($0.name)), ("digest", .string($0.digest.description))]) })
    }
}
