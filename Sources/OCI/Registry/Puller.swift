internal import Extents
internal import HTTP
internal import Progress
internal import Synchronization

/// Pulls images from registries. A build has one for all images, so that blobs are fetched once and few at a time.
final class Puller: Sendable {
    let store: ContentStore
    private let options: ImageProvider.Options
    private let retry: RetryPolicy
    /// For hosts without a rule of their own.
    private let semaphore = AsyncSemaphore(width: 4)
    /// For hosts whose rule has a number, by name.
    private let narrow = Mutex<[String: AsyncSemaphore]>([:])
    private let flights = SingleFlight()
    private let made = Mutex<RegistryClient?>(nil)

    init(store: ContentStore, options: ImageProvider.Options, retry: RetryPolicy) {
        self.store = store
        self.options = options
        self.retry = retry
    }

    /// The client, made when it is first needed, and libcurl with it.
    func client() throws -> RegistryClient {
        try made.withLock { made in
            if let made { return made }
            let client = try RegistryClient(
                options: options, credentials: Credentials(environment: options.environment, progress: store.progress),
                retry: retry, progress: store.progress)
            made = client
            return client
        }
    }

    func pull(_ reference: ImageReference) async throws -> Image {
        let platform = options.platform
        return try await ContextError.wrapping("pulling '\(reference)' for \(platform)") {
            let client = try self.client()
            let endpoints = client.endpoints(of: reference)
            let wanted = reference.digest?.description ?? reference.effectiveTag ?? "latest"
            let root = try await client.manifest(wanted, reference.repository, from: endpoints)
            // All parts belong to what the tag named: the mirror that had it comes first.
            let order =
                [root.endpoint]
                + endpoints.filter { $0.base != root.endpoint.base || $0.prefix != root.endpoint.prefix }
            let (manifest, documents) = try await self.manifest(below: root, platform, reference.repository, order)
            if !self.options.isLazy { try await self.fetch(Self.named(manifest.layers), reference, order) }
            await self.fetchAttestations(documents, reference.repository, order)
            for document in documents { _ = try self.store.ingest(document.bytes) }
            let isLazy = self.options.isLazy
            guard
                let image = try self.store.image(
                    root.descriptor, name: reference.description, platform: platform, lazily: isLazy)
            else {
                throw ContentError.missing(manifest.config.digest)
            }
            let isWhole = try !isLazy || !self.store.lacksLayers(of: image)
            try self.store.set(reference.description, to: root.descriptor, lacksLayers: !isWhole)
            if let note = image.platformNote { store.progress.note(note) }
            return image
        }
    }

    /// What a name means, without its layers.
    func resolve(_ reference: ImageReference, for platforms: [Platform]) async throws -> ImagePin {
        try await ContextError.wrapping("looking up '\(reference)'") {
            let client = try self.client()
            let endpoints = client.endpoints(of: reference)
            let wanted = reference.digest?.description ?? reference.effectiveTag ?? "latest"
            let root = try await client.manifest(wanted, reference.repository, from: endpoints)
            var pin = ImagePin(digest: root.descriptor.digest, manifests: [:])
            for platform in platforms {
                let (_, documents) = try await self.manifest(below: root, platform, reference.repository, endpoints)
                pin.manifests[platform] = documents.last?.descriptor.digest
            }
            return pin
        }
    }

    /// Follows indexes to the platform's manifest; all documents on the way are kept, and its configuration is in the
    /// store.
    private func manifest(
        below root: RegistryClient.Fetched, _ platform: Platform, _ repository: String, _ endpoints: [Endpoint]
    ) async throws -> (Manifest, [RegistryClient.Fetched]) {
        var documents: [RegistryClient.Fetched] = []
        var search = ManifestSearch(root.descriptor, for: platform)
        while let next = try search.next() {
            do {
                let fetched = documents.isEmpty ? root : try await self.document(next.descriptor, repository, endpoints)
                documents.append(fetched)
                guard let manifest = try search.enter(fetched.document, of: next) else { continue }
                if search.takes(try await config(manifest, repository, endpoints), next) {
                    return (manifest, documents)
                }
            } catch let error as ManifestError {
                try search.skip(error)
            }
        }
        throw search.verdict
    }

    func document(
        _ descriptor: Descriptor, _ repository: String, _ endpoints: [Endpoint]
    ) async throws -> RegistryClient.Fetched {
        let fetched = try await known(descriptor) {
            try await self.client().manifest(descriptor.digest.description, repository, from: endpoints)
        }
        guard fetched.descriptor.size == descriptor.size else {
            throw ContentError.size(descriptor.digest, expected: descriptor.size, actual: fetched.descriptor.size)
        }
        return fetched
    }

    private func config(_ manifest: Manifest, _ repository: String, _ endpoints: [Endpoint]) async throws -> ImageConfig
    {
        let config = manifest.config
        try ImageConfig.checkSize(config)
        if try !store.hasWhole(config) {
            try await flights.run(config.digest) {
                try await ContextError.wrapping("fetching the configuration") {
                    let client = try self.client()
                    try await self.store.progress.during(
                        .download, "the configuration of \(repository)", total: config.size
                    ) { step in
                        try await client.fetch(config, repository, from: endpoints, into: self.store, step)
                    }
                }
            }
        }
        guard let bytes = try store.blob(config.digest, limit: ImageConfig.largestSize) else {
            throw ContentError.missing(config.digest)
        }
        return try ImageConfig(parsing: bytes, name: "configuration \(config.digest)")
    }

    private func known(
        _ descriptor: Descriptor, else fetch: () async throws -> RegistryClient.Fetched
    ) async throws -> RegistryClient.Fetched {
        guard let bytes = try store.blob(descriptor.digest, limit: ManifestDocument.largestSize) else {
            return try await fetch()
        }
        let document = try ManifestError.naming("\(descriptor.digest) in the store") {
            try ManifestDocument(bytes, mediaType: descriptor.mediaType)
        }
        let size = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: UInt64(bytes.count))
        return RegistryClient.Fetched(
            descriptor: size, bytes: bytes, document: document,
            endpoint: try client().origin(of: ImageReference.defaultRegistry))
    }

    /// A blob, and what messages call it.
    typealias NamedBlob = (blob: Descriptor, name: String)

    /// Fetches blobs that the store lacks, a few at a time.
    func fetch(_ blobs: [NamedBlob], _ reference: ImageReference, _ endpoints: [Endpoint]) async throws {
        let client = try client()
        var seen: Set<Digest> = []
        let absent = try blobs.filter { try !store.has($0.blob) && seen.insert($0.blob.digest).inserted }
        guard !absent.isEmpty else { return }
        let size = absent.reduce(0) { $0 + $1.blob.size }
        let gate = gate(of: endpoints[0])
        try await store.progress.during(.pull, reference.description, total: size, isMajor: true) { step in
            try await withThrowingTaskGroup { group in
                for (blob, name) in absent {
                    group.addTask {
                        let isDone = try await self.flights.run(blob.digest) {
                            try await gate.run {
                                try await ContextError.wrapping("fetching \(name)") {
                                    try await step.part(.pull, name, total: blob.size) {
                                        try await client.fetch(
                                            blob, reference.repository, from: endpoints, into: self.store, $0)
                                    }
                                }
                            }
                        }
                        if !isDone { step.skip(blob.size) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func gate(of endpoint: Endpoint) -> AsyncSemaphore {
        let (host, port) = HostSet.split(endpoint.host.name)
        let usual = endpoint.base.hasPrefix("https:") ? 443 : 80
        guard let width = options.rules.host(host, port: port ?? usual)?.connections else { return semaphore }
        return narrow.withLock { known in
            let gate = known[endpoint.host.name] ?? AsyncSemaphore(width: width)
            known[endpoint.host.name] = gate
            return gate
        }
    }

    /// Layers with their numbers.
    static func named(_ layers: [Descriptor]) -> [NamedBlob] {
        layers.enumerated().map { ($0.element, "layer \($0.offset + 1) of \(layers.count)") }
    }
}
