internal import Extents

/// One image for one platform (image-spec, manifest.md; Docker schema 2 has the same fields).
public struct Manifest: Codable, Sendable {
    public var schemaVersion = 2
    public var mediaType: String?
    /// What an artifact that is not an image is.
    public var artifactType: String?
    public var config: Descriptor
    /// Lowest first.
    public var layers: [Descriptor]
    /// What this annotates, e.g. a signature's image: such a manifest is not an image of its own.
    public var subject: Descriptor?
    public var annotations: [String: String]?

    public init(config: Descriptor, layers: [Descriptor]) {
        mediaType = MediaType.manifest
        self.config = config
        self.layers = layers
    }

    /// - Throws: `ManifestError` for something else than an image, e.g. a signature, whose layers are not files.
    package func checkLayers() throws {
        for (number, layer) in layers.enumerated() where !MediaType.isLayer(layer.mediaType) {
            throw ManifestError(
                "layers[\(number)] has media type '\(PlainText.short(layer.mediaType))', which is not a layer of files")
        }
    }
}

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

    /// The first entry for a platform; an entry with exactly the wanted variant comes before one that means
    /// the same.
    public func manifest(for platform: Platform) -> Descriptor? {
        let fitting = manifests.filter { $0.hasPlatform && $0.platform?.satisfies(platform) ?? false }
        return fitting.first { $0.platform?.variant == platform.variant } ?? fitting.first
    }

    /// The available platforms, for messages; build attestations (os `unknown`) are not platforms.
    public var platforms: [Platform] {
        manifests.compactMap(\.platform).filter { $0.isKnown && $0.os != "unknown" }
    }
}
