internal import HTTP
internal import Synchronization

/// Pulls images from registries; one for all images of a build, so that blobs are fetched once and few at a time.
final class Puller: Sendable {
    private let store: ContentStore
    private let options: ImageProvider.Options
    private let retry: RetryPolicy
    private let gate = Gate(width: 4)
    private let flights = Flights()
    private let made = Mutex<RegistryClient?>(nil)

    init(store: ContentStore, options: ImageProvider.Options, retry: RetryPolicy) {
        self.store = store
        self.options = options
        self.retry = retry
    }

    /// The client; libcurl is not started before it is needed.
    func client() throws -> RegistryClient {
        try made.withLock { made in
            if let made { return made }
            let transport = try CurlTransport(environment: options.environment, certificateFiles: options.certificateFiles)
            let client = try RegistryClient(
                transport: transport, environment: options.environment, insecure: options.insecureRegistries,
                secure: options.secureRegistries, mirrors: options.mirrors, retry: retry, notice: options.progress)
            made = client
            return client
        }
    }

    func pull(_ reference: ImageReference) async throws -> Image {
        let platform = options.platform
        return try await ImageError.context("pulling '\(reference)' for \(platform)") {
            let client = try self.client()
            let endpoints = client.endpoints(of: reference.registry)
            let wanted = reference.digest?.description ?? reference.effectiveTag ?? "latest"
            let root = try await client.manifest(wanted, reference.repository, from: endpoints)
            // What the tag named is what is fetched: a mirror that had it is asked first for the rest.
            let order = [root.endpoint] + endpoints.filter { $0.base != root.endpoint.base || $0.prefix != root.endpoint.prefix }
            let (manifest, documents) = try await self.manifest(below: root, reference.repository, order)
            try await self.fetch(manifest, reference, order)
            for document in documents { _ = try self.store.ingest(document.bytes) }
            guard let image = try self.store.image(root.descriptor, name: reference.description, platform: platform) else {
                throw try self.incomplete(manifest)
            }
            try self.store.set(reference.description, to: root.descriptor)
            return image
        }
    }

    /// Follows indexes to the platform's manifest; all documents on the way are kept.
    private func manifest(
        below root: RegistryClient.Fetched, _ repository: String, _ endpoints: [Endpoint]
    ) async throws -> (Manifest, [RegistryClient.Fetched]) {
        var documents = [root]
        while documents.count <= ContentStore.deepestIndex {
            switch documents[documents.count - 1].document {
            case .manifest(let manifest): return (manifest, documents)
            case .index(let index):
                guard let next = index.manifest(for: options.platform) else {
                    throw ImageError.noPlatform(options.platform, available: index.platforms)
                }
                let fetched = try await known(next) {
                    try await self.client().manifest(next.digest.description, repository, from: endpoints)
                }
                guard fetched.descriptor.size == next.size else {
                    throw ContentError.size(expected: next.size, actual: fetched.descriptor.size)
                }
                documents.append(fetched)
            }
        }
        throw ImageError("its indexes are more than \(ContentStore.deepestIndex) deep")
    }

    private func known(
        _ descriptor: Descriptor, else fetch: () async throws -> RegistryClient.Fetched
    ) async throws -> RegistryClient.Fetched {
        guard let bytes = store.blob(descriptor.digest, limit: ManifestDocument.largestSize) else { return try await fetch() }
        let document = try ManifestDocument(bytes, mediaType: descriptor.mediaType)
        let size = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: UInt64(bytes.count))
        return RegistryClient.Fetched(
            descriptor: size, bytes: bytes, document: document, endpoint: try client().origin(of: ImageReference.defaultRegistry))
    }

    private func fetch(_ manifest: Manifest, _ reference: ImageReference, _ endpoints: [Endpoint]) async throws {
        guard manifest.config.size <= ImageConfig.largestSize else { throw ContentError.tooLong(limit: ImageConfig.largestSize) }
        let client = try client()
        let absent = Set(([manifest.config] + manifest.layers).filter { !store.has($0) })
        guard !absent.isEmpty else { return }
        let size = absent.reduce(0) { $0 + $1.size }
        options.progress("pulling \(reference): \(absent.count) blobs, \((size + 999_999) / 1_000_000) MB")
        try await withThrowingTaskGroup { group in
            for blob in absent {
                group.addTask {
                    try await self.flights.run(blob.digest) {
                        try await self.gate.pass {
                            try await ImageError.context(Self.describe(blob, manifest)) {
                                try await client.fetch(blob, reference.repository, from: endpoints, into: self.store)
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func describe(_ blob: Descriptor, _ manifest: Manifest) -> String {
        guard let number = manifest.layers.firstIndex(of: blob) else { return "configuration" }
        return "layer \(number + 1) of \(manifest.layers.count)"
    }

    /// Why an image that was fetched whole is none for the platform.
    private func incomplete(_ manifest: Manifest) throws -> any Error {
        guard let bytes = store.blob(manifest.config.digest, limit: ImageConfig.largestSize) else {
            return ContentError.missing(manifest.config.digest)
        }
        return ImageError.noPlatform(options.platform, available: [try ImageConfig(parsing: bytes).platform])
    }
}
