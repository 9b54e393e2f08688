internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import MobyRun
internal import OCI

/// Options of every command that prints something.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Print errors only.") var quiet = false
    @Flag(
        name: .shortAndLong,
        help: "Print more, such as segments and timings; '--verbose N' sets a level from 0 (quiet) to 3.")
    var verbose: Int

    @Option(
        help: ArgumentHelp(
            "How progress is shown: auto, tty, plain, json or quiet (default: $MOBY_PROGRESS, else auto).",
            valueName: "how"),
        completion: .list(ProgressMode.allCases.map(\.rawValue)))
    var progress: String?

    mutating func validate() throws {
        if quiet, verbose > 0 { throw ValidationError("--quiet and --verbose cannot be combined") }
        Terminal.display.use(try mode(), level: level, environment: Terminal.environment)
    }

    private func mode() throws -> ProgressMode {
        let variable = Terminal.environment["MOBY_PROGRESS"].flatMap { $0.isEmpty ? nil : $0 }
        guard let text = progress ?? variable else { return .auto }
        guard let mode = ProgressMode(rawValue: text) else {
            throw ValidationError(
                "\(progress == nil ? "MOBY_PROGRESS" : "--progress") is '\(PlainText.short(text))', expected \(ProgressMode.list)"
            )
        }
        return mode
    }

    /// How much is printed: 0 errors, 1 results, 2 segments and timings, 3 everything.
    var level: Int { quiet ? 0 : min(1 + verbose, 3) }
}

/// Where the image store is.
struct StorePlace: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of the image store (default: $MOBY_CACHE, else ~/.cache/moby).", valueName: "dir"),
        completion: .directory)
    var cache: String?
}

/// Options of the commands that use the image store.
struct StoreOptions: ParsableArguments {
    @OptionGroup(title: "Store options") var place: StorePlace
    @OptionGroup(title: "Message options") var messages: GlobalOptions

    var level: Int { messages.level }

    /// Absolute: apt and others that are given parts of it resolve relative names in their own ways.
    func storePath() throws -> String {
        let path = place.cache ?? ContentStore.defaultPath(environment: Terminal.environment)
        return path.hasPrefix("/") ? path : try HostFiles.currentFolder() + "/" + path
    }

    /// The store to write to; made when something is first written.
    func store() throws -> ContentStore { reporting(try ContentStore(path: storePath())) }

    /// The store for commands that only look: one that is absent is not made.
    func storeToRead() throws -> ContentStore { reporting(try ContentStore(reading: storePath())) }

    private func reporting(_ store: ContentStore) -> ContentStore {
        var store = store
        store.progress = Terminal.display.reporter
        return store
    }
}

/// Options of everything that uses HTTPS.
struct WebOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Also trust the certificates in this PEM file; repeatable.", valueName: "file"),
        completion: .file())
    var certFile: [String] = []
}

/// Options of the commands that use the image store and read spec files, which may be named by URLs.
struct SourceOptions: ParsableArguments {
    @OptionGroup var storage: StoreOptions
    @OptionGroup(title: "Network options") var web: WebOptions

    var level: Int { storage.level }
    var certFile: [String] { web.certFile }

    func store() throws -> ContentStore { try storage.store() }
    func storeToRead() throws -> ContentStore { try storage.storeToRead() }
}

/// How registries are reached.
struct RegistryAccessOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Use plain HTTP for this registry; repeatable.", valueName: "host[:port]"))
    var insecureRegistry: [String] = []
    @Option(
        help: ArgumentHelp(
            "Use TLS for this registry even if it is on this machine; repeatable.", valueName: "host[:port]"))
    var tlsRegistry: [String] = []
    @Option(
        help: ArgumentHelp(
            "Mirrors and certificates by registry (default: $MOBY_REGISTRIES, else ~/.config/moby/registries.yml).",
            valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var registries: String?
}

/// How registries are reached, and what is accepted from them.
struct RegistryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Try this mirror before the registry; repeatable.", valueName: "[registry=]url"))
    var mirror: [String] = []
    @OptionGroup var access: RegistryAccessOptions
    @Option(
        help: ArgumentHelp(
            "Maximum size of an unpacked layer in GiB, or with M or G (default: 64G).", valueName: "size"))
    var layerLimit: String?

    mutating func validate() throws { _ = try usage { try largestLayer() } }

    /// In bytes; nil for the usual limit.
    func largestLayer() throws -> UInt64? {
        try layerLimit.map { UInt64(try MemorySize.mebibytes($0, unit: .gibibytes, option: "--layer-limit")) << 20 }
    }
}

/// Options of the commands that fetch images into the store, or send them from it.
struct FetchOptions: ParsableArguments {
    @OptionGroup(title: "Network options") var registries: RegistryOptions
    @OptionGroup var source: SourceOptions

    var level: Int { source.level }
    var certFile: [String] { source.certFile }

    func store() throws -> ContentStore { try limited(source.store()) }
    func storeToRead() throws -> ContentStore { try limited(source.storeToRead()) }

    private func limited(_ store: ContentStore) throws -> ContentStore {
        var store = store
        if let limit = try registries.largestLayer() { store.layerLimit = limit }
        return store
    }
}

/// Options of LinuxKit's `build` that have no effect here: accepted, so that command lines keep working, or refused.
struct LinuxKitOptions: ParsableArguments {
    @Flag(help: .hidden) var docker = false
    @Option(help: .hidden) var inputTar: String?
    @Flag(help: .hidden) var disableContentTrust = false

    mutating func validate() throws {
        if docker {
            throw ValidationError(
                "--docker is not supported: no daemon is needed; use an exported image as 'docker-archive:FILE'")
        }
    }

    /// Notes about the given options, a line each.
    var notes: [String] {
        inputTar == nil
            ? [] : ["--input-tar has no effect: unchanged parts come from the store"]
    }
}
