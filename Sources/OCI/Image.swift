/// One image for one platform, whole in the store.
public struct Image: Sendable {
    /// The canonical reference by which it was requested.
    public let name: String
    /// Digest of the platform's manifest. It differs between a registry and a `docker-archive:` of the same image; see
    /// ``contentID``.
    public let digest: Digest
    /// The identity of everything made from this image: the digest of the configuration's bytes, known to Docker as
    /// the image ID.
    ///
    /// The configuration lists the diff ID of every layer, and diff IDs are verified when layers are unpacked; so equal
    /// values mean equal trees and equal settings, whether layers were compressed or not and whichever source the image
    /// came from.
    public let contentID: Digest
    public let platform: Platform
    public let config: ImageConfig
    /// Blob digest, compressed size in bytes and diff ID of each layer, lowest first.
    public let layers: [Layer]

    /// One layer: a tar archive, as a rule compressed.
    public struct Layer: Hashable, Sendable {
        /// Digest of the blob as stored.
        public let digest: Digest
        /// Size of the blob in bytes.
        public let size: UInt64
        /// Digest of the uncompressed tar archive.
        public let diffID: Digest

        public init(digest: Digest, size: UInt64, diffID: Digest) {
            self.digest = digest
            self.size = size
            self.diffID = diffID
        }
    }

    /// A note for an image without a platform of its own; nil for others.
    var platformNote: String? {
        config.platform.isKnown
            ? nil : "the configuration of '\(name)' has no platform; assuming \(platform)"
    }

    /// - Parameter contentID: nil is the manifest's digest.
    public init(
        name: String, digest: Digest, platform: Platform, config: ImageConfig, layers: [Layer], contentID: Digest? = nil
    ) {
        self.name = name
        self.digest = digest
        self.contentID = contentID ?? digest
        self.platform = platform
        self.config = config
        self.layers = layers
    }
}
