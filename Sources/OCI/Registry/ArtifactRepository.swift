internal import Extents
internal import HTTP
public import Progress

/// A repository of a registry whose tags are artifacts that are not images. It is asked itself, never its mirrors, and
/// is given up sooner than the registry of an image: what it has can be made.
public struct ArtifactRepository: Sendable {
    /// Host and repository.
    public let name: String
    private let reference: ImageReference
    private let store: ContentStore
    private let puller: Puller

    /// - Parameter text: a repository, without tag and digest.
    /// - Throws: `ImageReferenceError`; `ImageError` for a tag, a digest or a local name.
    public init(_ text: String, store: ContentStore, options: ImageProvider.Options) throws {
        let reference = try ImageReference(text)
        guard reference.tag == nil, reference.digest == nil, !reference.isLocal else {
            throw ImageError(
                "'\(PlainText.short(text))' is not a repository of a registry",
                hint: "name one without tag and digest, such as registry.example.com/team/cache")
        }
        self.reference = reference
        name = reference.name
        self.store = store
        puller = Puller(store: store, options: options, retry: RetryPolicy(tries: 2))
    }

    private var endpoint: Endpoint { get throws { try puller.client().origin(of: reference.registry) } }

    /// The manifest of a tag; nil when the repository does not have it.
    /// - Throws: `RegistryError`, `ManifestError`.
    public func manifest(_ tag: String) async throws -> Manifest? {
        let found = try await puller.client().optionalManifest(tag, reference.repository, from: [try endpoint])
        guard case .manifest(let manifest)? = found?.document else { return nil }
        return manifest
    }

    /// Fetches a blob into the store; its digest and size are verified.
    /// - Parameter step: counts the bytes.
    public func fetch(_ blob: Descriptor, _ step: Step) async throws {
        try await puller.client().fetch(blob, reference.repository, from: [try endpoint], into: store, step)
    }

    /// Fetches layers of an image that this repository has.
    public func fetchLayers(of image: Image) async throws {
        try await puller.fetch(Puller.named(image.blobs), reference, [try endpoint])
        try store.noteLayers(of: image)
    }

    /// Sends a file as a blob, unless the repository has it.
    /// - Returns: whether it was sent.
    public func push(_ blob: Descriptor, file: String, _ step: Step) async throws -> Bool {
        try await puller.client().push(blob, file: file, to: reference.repository, at: try endpoint, step)
    }

    /// Sends a manifest whose blobs the repository has.
    /// - Returns: its size in bytes.
    @discardableResult
    public func push(_ manifest: Manifest, as tag: String) async throws -> UInt64 {
        let bytes = try JSONText.compact(manifest)
        let document = Descriptor(
            mediaType: MediaType.manifest, digest: try store.ingest(bytes), size: UInt64(bytes.count))
        try await puller.client().push(document, as: tag, to: reference.repository, at: try endpoint, from: store)
        return document.size
    }
}

extension ImageProvider {
    /// Fetches the layers of an image of a registry that was found without them, by their digests.
    /// - Throws: `ImageError` for one that is not in a registry, or when pulling is off.
    public func fetchLayers(of image: Image) async throws {
        let reference = try ImageReference(image.name)
        guard !reference.isLocal, options.pull != .never else { throw try absent(image.name, pulled: image.name) }
        try await ContextError.wrapping("pulling '\(reference)' for \(image.platform)") {
            let endpoints = try self.puller.client().endpoints(of: reference)
            try await self.puller.fetch(Puller.named(image.blobs), reference, endpoints)
            try self.store.noteLayers(of: image)
        }
    }
}

extension Image {
    /// Its layers, to fetch them.
    fileprivate var blobs: [Descriptor] {
        layers.map { Descriptor(mediaType: MediaType.layer, digest: $0.digest, size: $0.size) }
    }
}
