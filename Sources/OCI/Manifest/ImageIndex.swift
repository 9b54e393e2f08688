/// Manifests of one image for several platforms (image-spec, image-index.md; Docker's manifest list has the same
/// fields).
public struct ImageIndex: Codable, Sendable {
    public var schemaVersion = 2
    public var mediaType: String?
    public var manifests: [Descriptor]
    public var annotations: [String: String]?

    public init(manifests: [Descriptor]) {
        mediaType = MediaType.index
        self.manifests = manifests
    }

    /// The first entry for a platform; an entry whose variant is exactly the one asked for comes before one that means
    /// the same.
    public func manifest(for platform: Platform) -> Descriptor? {
        let fitting = manifests.filter { $0.saysPlatform && $0.platform?.satisfies(platform) ?? false }
        return fitting.first { $0.platform?.variant == platform.variant } ?? fitting.first
    }

    /// What there is, for messages; build attestations (os `unknown`) are no platforms.
    public var platforms: [Platform] {
        manifests.compactMap(\.platform).filter { $0.isKnown && $0.os != "unknown" }
    }
}
