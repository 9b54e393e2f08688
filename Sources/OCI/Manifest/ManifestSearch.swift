/// The way from an index to the manifest for a platform, for callers that can fetch documents: the platform of an index
/// entry counts; without one that of the configuration; without either the image is accepted as it is.
///
/// ```
/// while let next = try search.next() {
///     guard let manifest = try search.enter(document, of: next) else { continue }
///     if search.takes(manifest's configuration, next) { return manifest }
/// }
/// ```
struct ManifestSearch {
    /// A descriptor to look at.
    struct Candidate {
        let descriptor: Descriptor
        /// Its index lists it for the platform, so its configuration need not be checked.
        let isNamed: Bool
        /// Indexes above it.
        let depth: Int
    }

    private let platform: Platform
    /// The next one last.
    private var rest: [Candidate]
    private var looked = 0
    private var available: [Platform] = []
    private var failure: (any Error)?

    /// The most documents that are read for one image.
    private static let most = 64

    init(_ root: Descriptor, for platform: Platform) {
        self.platform = platform
        rest = [Candidate(descriptor: root, isNamed: false, depth: 0)]
    }

    /// - Returns: nil when there are no more; ``verdict`` says why.
    /// - Throws: `ImageError` for too many of them.
    mutating func next() throws -> Candidate? {
        guard let next = rest.popLast() else { return nil }
        looked += 1
        guard next.depth <= ContentStore.deepestIndex, looked <= Self.most else {
            throw ImageError(
                "its indexes are nested more than \(ContentStore.deepestIndex) deep, or list more than \(Self.most) images without a platform"
            )
        }
        return next
    }

    /// Takes what a candidate is.
    /// - Returns: its manifest; nil for an index, whose entries come next.
    /// - Throws: `ManifestError` for a manifest of something else than an image.
    mutating func enter(_ document: ManifestDocument, of candidate: Candidate) throws -> Manifest? {
        switch document {
        case .manifest(let manifest):
            try ManifestError.naming("\(candidate.descriptor.digest)") { try manifest.checkLayers() }
            return manifest
        case .index(let index):
            let depth = candidate.depth + 1
            available += index.platforms
            if let named = index.manifest(for: platform) {
                rest.append(Candidate(descriptor: named, isNamed: true, depth: depth))
            } else {
                let silent = index.manifests.filter { !$0.hasPlatform && $0.platform?.satisfies(platform) ?? true }
                rest += silent.reversed().map { Candidate(descriptor: $0, isNamed: false, depth: depth) }
            }
            return nil
        }
    }

    /// Whether an image with this configuration is the right one.
    mutating func takes(_ config: ImageConfig, _ candidate: Candidate) -> Bool {
        // An index may know of a variant that the configuration does not.
        if config.platform.satisfies(platform) || candidate.isNamed && (config.os.isEmpty || config.os == platform.os) {
            return true
        }
        available.append(config.platform)
        return false
    }

    /// Records that a candidate cannot be used; another one may be right.
    /// - Throws: the error when no other one is left.
    mutating func skip(_ error: any Error) throws {
        failure = failure ?? error
        if rest.isEmpty { throw verdict }
    }

    /// Why nothing was found.
    var verdict: any Error {
        if let failure, available.isEmpty { return failure }
        return ImageError.noPlatform(platform, available: available)
    }
}
