internal import Extents
public import MobySpec
public import OCI
internal import Progress
public import Signatures
internal import Synchronization

/// Registries with what builds on other machines made: encoded segments, kernels, records, images of packages.
///
/// Nothing in it is needed: what a registry lacks, refuses to give, or gives with an error is made here. A registry
/// that fails is not asked again in this build.
public final class SharedCache: Sendable {
    /// Which registries, and how.
    public struct Options: Sendable {
        /// Repositories to take from, in this order.
        public var from: [String] = []
        /// The repository to send to.
        public var to: String?
        /// Whether what holds `files:` of the spec is sent as well.
        public var sendsFiles = false
        /// Signs what is sent.
        public var signer: (any Signer)?

        public init() {}
        public var isEmpty: Bool { from.isEmpty && to == nil }
    }

    let options: Options
    let store: ContentStore
    let sources: [Source]
    let target: ArtifactRepository?
    private let state = Mutex(State())
    private let flights = SingleFlight()
    /// By the digests of bytes that are fetched.
    let blobs = SingleFlight()
    private let semaphore = AsyncSemaphore(width: 8)

    private struct State {
        /// Keys that were looked for.
        var tried: Set<String> = []
        /// Keys that this build used.
        var used: [CacheKey] = []
        var names: Set<String> = []
        /// Images that this build used.
        var images: [Image] = []
        var provider: ImageProvider?
        var report = SharedCacheReport()
    }

    /// A repository, until it fails.
    final class Source: Sendable {
        let repository: ArtifactRepository
        let policy: PolicyCheck?
        let isOff = Mutex(false)

        init(_ repository: ArtifactRepository, _ policy: PolicyCheck?) {
            (self.repository, self.policy) = (repository, policy)
        }
    }

    /// - Parameters:
    ///   - spec: whose policy an entry must meet, unless `policy` does not come from the spec.
    ///   - provider: how the registries are reached.
    /// - Throws: `ImageReferenceError`, `ImageError` for a name that is not a repository; errors of the policy.
    public init(
        _ options: Options, _ spec: Spec = Spec(), policy: PolicyCheck? = nil, store: ContentStore,
        provider: ImageProvider.Options
    ) throws {
        let policy = try policy ?? PolicyCheck(of: spec)
        self.options = options
        self.store = store
        sources = try options.from.map {
            Source(try ArtifactRepository($0, store: store, options: provider), policy)
        }
        target = try options.to.map { try ArtifactRepository($0, store: store, options: provider) }
        for source in sources {
            guard let problem = source.policy?.problem(ofCache: source.repository.name) else { continue }
            turnOff(source, problem)
        }
    }

    /// What was taken and sent so far.
    public var report: SharedCacheReport { state.withLock(\.report) }

    func note(avoided bytes: UInt64) { count { $0.avoided = bytes } }

    func count(_ change: (inout SharedCacheReport) -> Void) { state.withLock { change(&$0.report) } }

    /// Whether images are found without their layers.
    var isLazy: Bool { !sources.isEmpty }

    var open: [Source] { sources.filter { !$0.isOff.withLock(\.self) } }

    /// Whether a key was not looked for yet.
    func mayHave(_ key: CacheKey) -> Bool {
        key.sharing != .none && !sources.isEmpty && !state.withLock { $0.tried.contains(key.hex) }
    }

    /// Looks for a key no more: what a registry has of it is of no use.
    func giveUp(_ key: CacheKey) { state.withLock { _ = $0.tried.insert(key.hex) } }

    func note(used key: CacheKey) {
        state.withLock { if $0.names.insert(key.hex).inserted { $0.used.append(key) } }
    }

    func note(images: [Image], of provider: ImageProvider) {
        state.withLock {
            $0.images += images
            $0.provider = provider
        }
    }

    public func note(images: [Image]) { state.withLock { $0.images += images } }

    var used: (keys: [CacheKey], images: [Image]) { state.withLock { ($0.used, $0.images) } }

    func turnOff(_ source: Source, _ reason: String) {
        let wasOff = source.isOff.withLock { isOff in
            defer { isOff = true }
            return isOff
        }
        guard !wasOff else { return }
        store.progress.warn("the cache '\(source.repository.name)' is not used any more: \(reason)")
    }

    /// Gets what work lacked.
    func get(_ wanted: Wanted, into cache: BuildCache) async throws {
        switch wanted {
        case .entry(let key): try await get([key], into: cache)
        case .layers(let image): try await getLayers(of: [image])
        }
    }

    /// Gets entries that the cache does not have, several at a time.
    func get(_ keys: [CacheKey], into cache: BuildCache) async throws {
        let missing = try keys.filter { try mayHave($0) && !cache.has($0) }
        try await withThrowingTaskGroup { group in
            for key in missing { group.addTask { try await self.get(key, into: cache) } }
            try await group.waitForAll()
        }
    }

    private func get(_ key: CacheKey, into cache: BuildCache) async throws {
        guard let digest = Digest(sha256: key.hex) else { return }
        try await flights.run(digest) {
            try await self.semaphore.run {
                guard self.mayHave(key) else { return }
                let isFound = try await self.firstSource(for: key) { source in
                    try await self.install(key, from: source, into: cache)
                }
                self.state.withLock {
                    $0.tried.insert(key.hex)
                    if isFound { $0.report.found += 1 } else { $0.report.missing += 1 }
                }
            }
        }
    }

    /// Asks one registry after the other.
    /// - Returns: whether one of them had it.
    func firstSource(for key: CacheKey, _ work: (Source) async throws -> Bool) async throws -> Bool {
        for source in open {
            do { if try await work(source) { return true } } catch let error as SharedEntry.Refusal {
                refuse(key, of: source, error)
            } catch let error as ManifestError {
                refuse(key, of: source, error)
            } catch let error as ContentError {
                refuse(key, of: source, error)
            } catch let error where !(error is CancellationError) && !(error is FileError) {
                try Task.checkCancellation()
                turnOff(source, PlainText.line("\(error)"))
            }
        }
        return false
    }

    /// The first refusal is a warning; all are counted.
    private func refuse(_ key: CacheKey, of source: Source, _ reason: any Error) {
        let isFirst = state.withLock { state in
            state.report.refused += 1
            return state.report.refused == 1
        }
        guard isFirst else { return }
        store.progress.warn(
            "the cache '\(source.repository.name)' has a wrong entry '\(SharedEntry.tag(of: key))', which is made here "
                + "instead: \(PlainText.line("\(reason)"))")
    }

    /// Gets layers of images, several at a time: of a registry; those of packages of a cache.
    func getLayers(of images: [Image]) async throws {
        var seen: Set<Digest> = []
        let lacking = try images.filter { try store.lacksLayers(of: $0) && seen.insert($0.contentID).inserted }
        try await withThrowingTaskGroup { group in
            for image in lacking { group.addTask { try await self.getLayers(of: image) } }
            try await group.waitForAll()
        }
    }

    private func getLayers(of image: Image) async throws {
        if try ImageReference(image.name).isLocal {
            try await getPackageLayers(of: image)
        } else if let provider = state.withLock(\.provider) {
            try await provider.fetchLayers(of: image)
        }
        guard try !store.lacksLayers(of: image) else { throw BuildError("image '\(image.name)' lacks layers") }
    }
}

/// What a build lacks and a registry may have. Work that throws this runs again when it was asked.
enum Wanted: Error {
    case entry(CacheKey)
    case layers(Image)
}

/// What a build took from shared caches, and sent.
public struct SharedCacheReport: Sendable, Equatable {
    /// Entries that were fetched.
    public internal(set) var found = 0
    /// Entries that no cache had.
    public internal(set) var missing = 0
    /// Entries that were wrong.
    public internal(set) var refused = 0
    /// Bytes of the entries that were fetched.
    public internal(set) var received: UInt64 = 0
    /// Bytes of layers that nothing needed.
    public internal(set) var avoided: UInt64 = 0
    /// Entries that were sent.
    public internal(set) var sent = 0
    /// Entries that the registry had.
    public internal(set) var present = 0
    /// Bytes that were sent.
    public internal(set) var sentBytes: UInt64 = 0
    /// Bytes of entries that the registry had.
    public internal(set) var presentBytes: UInt64 = 0
}
