/// One image for one platform (image-spec, manifest.md; Docker schema 2 has the same fields).
public struct Manifest: Codable, Sendable {
    public var schemaVersion = 2
    public var mediaType: String?
    public var config: Descriptor
    /// Lowest first.
    public var layers: [Descriptor]
    /// What this is a note on, e.g. a signature's image: such a manifest is not an image of its own.
    public var subject: Descriptor?
    public var annotations: [String: String]?

    public init(config: Descriptor, layers: [Descriptor]) {
        mediaType = MediaType.manifest
        self.config = config
        self.layers = layers
    }
}
