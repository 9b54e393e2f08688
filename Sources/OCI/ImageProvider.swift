internal import Extents
internal import HTTP
internal import Progress

/// Finds images: in the store, in local layouts and archives, in registries.
public struct ImageProvider: Sendable {
    /// When images are pulled.
    public enum PullPolicy: Sendable {
        /// Only when the store does not have the image.
        case missing
        case always
        /// Never: an image that is not in the store is an error that names the store.
        case never
    }

    /// How images are found.
    public struct Options: Sendable {
        public var platform: Platform = .host
        public var pull: PullPolicy = .missing
        /// Hosts, with or without port, that are contacted without TLS.
        public var insecureRegistries: [String] = []
        /// Loopback hosts, with or without port, that are contacted with TLS; others are not.
        public var secureRegistries: [String] = []
        /// `[registry=]http(s)://host[/path]`, tried before the origin.
        public var mirrors: [String] = []
        /// What the user's file of registries says; the options above come before it.
        public var rules = RegistryRules()
        /// PEM files of certificate authorities that are trusted in addition to the usual ones.
        public var certificateFiles: [String] = []
        /// Where credentials, proxies and certificates are looked up.
        public var environment: [String: String] = [:]
        /// What names mean, by ``ImageProvider/canonical(_:)``; others mean what they mean in the store or registry.
        public var pins: [String: ImagePin] = [:]
        /// Finds images without their layers, which ``ImageProvider/fetchLayers(of:)`` gets.
        public var isLazy = false
        /// Decides whether an image may be used, before anything of it is; nil accepts all.
        public var admit: (@Sendable (Image, ImageProvider) async throws -> Void)?
        public init() {}
    }

    let store: ContentStore
    let options: Options
    let puller: Puller

    /// No registry is contacted before an image is requested.
    public init(store: ContentStore, options: Options) {
        self.init(store: store, options: options, retry: RetryPolicy())
    }

    init(store: ContentStore, options: Options, retry: RetryPolicy) {
        self.store = store
        self.options = options
        puller = Puller(store: store, options: options, retry: retry)
    }

    /// A source with nothing left to defaults: `nginx` is `docker.io/library/nginx:latest`. The name of a
    /// local file stays as it is, and so does an invalid one.
    public static func canonical(_ source: String) -> String {
        guard case .registry(let reference) = try? ImageSource(source) else { return source }
        return reference.description
    }

    /// Whether a source is a file or folder of this machine.
    public static func isLocalSource(_ source: String) -> Bool { ImageSource.isLocal(source) }

    /// The image a source names: a registry reference (`nginx`, `ghcr.io/a/b:1@sha256:…`), `oci:DIR[:tag]`,
    /// `oci-archive:FILE[:tag]`, `docker-archive:FILE[:tag]`. Local sources are read again each time (their digests
    /// decide what is copied). Whole in the store on return, except with
    /// ``Options/isLazy``.
    /// - Throws: `ImageReferenceError`; `ContextError` with what was being done; `ImageError`; what
    ///   ``Options/admit`` throws.
    public func image(_ source: String) async throws -> Image {
        let image = try await found(source)
        try await options.admit?(image, self)
        return image
    }

    private func found(_ source: String) async throws -> Image {
        if let image = try bundled(source) { return image }
        let parsed = try ImageSource(source)
        if case .registry(let reference) = parsed { return try await image(reference) }
        let image = try ContextError.wrapping("reading '\(PlainText.short(source, limit: 300))'") {
            let image = try Self.local(parsed, name: source, store: store, platform: options.platform)
            try options.pins[source]?.check(image, options.platform)
            return image
        }
        if let note = image.platformNote { store.progress.note(note) }
        return image
    }

    private func image(_ reference: ImageReference) async throws -> Image {
        let name = reference.description
        if let pin = options.pins[name] { return try await image(reference, pin) }
        let isAsked = options.pull == .always && !reference.isLocal
        if !isAsked, let image = try store.image(named: name, platform: options.platform, lazily: options.isLazy) {
            return image
        }
        guard !reference.isLocal else {
            throw ImageError(
                "image '\(name)' for \(options.platform) is not in the store '\(store.path)'",
                hint: "it is built locally and never pulled: run 'moby pkg build' with its package folder")
        }
        guard options.pull != .never else { throw try absent(name, pulled: name) }
        return try await puller.pull(reference)
    }

    private static func local(_ source: ImageSource, name: String, store: ContentStore, platform: Platform) throws
        -> Image
    {
        switch source {
        case .registry: preconditionFailure("a registry is not local")
        case .layout(let path, let wanted):
            return try LayoutReader(source: FolderSource(path: path), store: store, platform: platform).image(
                wanted, name: name)
        case .layoutArchive(let path, let wanted):
            return try ArchiveFile.with(path, store: store) {
                try LayoutReader(source: $0, store: store, platform: platform).image(wanted, name: name)
            }
        case .dockerArchive(let path, let wanted):
            return try ArchiveFile.with(path, store: store) {
                try DockerArchiveReader(source: $0, store: store, platform: platform).image(wanted, name: name)
            }
        }
    }
}
