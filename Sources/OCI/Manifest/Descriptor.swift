internal import Extents

/// The media type, digest and size of a blob (image-spec, descriptor.md).
public struct Descriptor: Hashable, Codable, Sendable {
    /// Media type of the blob.
    public var mediaType: String
    public var digest: Digest
    /// Size in bytes.
    public var size: UInt64
    public var platform: Platform?
    public var annotations: [String: String]?
    /// What an artifact that is not an image is, in a list of referrers.
    public var artifactType: String?

    /// More than any blob can have: 1 TiB. A claim above this is an error before anything is fetched.
    public static let largestSize: UInt64 = 1 << 40

    enum CodingKeys: String, CodingKey { case mediaType, digest, size, platform, annotations, artifactType }

    public init(
        mediaType: String, digest: Digest, size: UInt64, platform: Platform? = nil, annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let text = try values.decode(String.self, forKey: .digest)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .digest, in: values,
                debugDescription: "'\(PlainText.short(text))' is not 'sha256:' with 64 digits 0-9 and a-f")
        }
        let size = try values.decode(Int64.self, forKey: .size)
        guard size >= 0, size <= Self.largestSize else {
            throw DecodingError.dataCorruptedError(
                forKey: .size, in: values, debugDescription: "\(size) bytes is not a size from 0 to \(Self.largestSize)"
            )
        }
        self.digest = digest
        self.size = UInt64(size)
        mediaType = try values.decode(String.self, forKey: .mediaType)
        platform = try values.decodeIfPresent(Platform.self, forKey: .platform)
        annotations = try values.decodeIfPresent([String: String].self, forKey: .annotations)
        artifactType = try values.decodeIfPresent(String.self, forKey: .artifactType)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(mediaType, forKey: .mediaType)
        try values.encode(digest.description, forKey: .digest)
        try values.encode(size, forKey: .size)
        try values.encodeIfPresent(platform, forKey: .platform)
        try values.encodeIfPresent(annotations, forKey: .annotations)
        try values.encodeIfPresent(artifactType, forKey: .artifactType)
    }

    /// The name that an image has in a layout (image-spec, annotations.md).
    static let nameAnnotation = "org.opencontainers.image.ref.name"
    /// The full name, as containerd and Docker since version 25 write it; the one above is then only the tag.
    static let fullNameAnnotation = "io.containerd.image.name"

    /// The same with the name of an image. containerd and LinuxKit read the full one.
    func named(_ name: String) -> Descriptor {
        var named = self
        named.annotations = [Self.nameAnnotation: name, Self.fullNameAnnotation: name]
        return named
    }

    /// Of a name in the store: its layers are fetched when something needs them.
    static let absentAnnotation = "org.mobyproject.layers-absent"

    /// Whether the entry itself has an architecture.
    var hasPlatform: Bool { platform?.isKnown ?? false }
}

/// Media types of the image-spec (media-types.md) and Docker's equivalents.
public enum MediaType {
    public static let manifest = "application/vnd.oci.image.manifest.v1+json"
    public static let index = "application/vnd.oci.image.index.v1+json"
    public static let config = "application/vnd.oci.image.config.v1+json"
    /// A tar archive, uncompressed.
    public static let layer = "application/vnd.oci.image.layer.v1.tar"
    static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"

    /// Accepted from a registry, best first.
    static let accepted = [index, manifest, dockerIndex, dockerManifest]

    static func isIndex(_ type: String) -> Bool { type == index || type == dockerIndex }
    static func isManifest(_ type: String) -> Bool { type == manifest || type == dockerManifest }

    /// Whether a layer of this type is a tar archive of files; encrypted layers, charts, signatures and the like are
    /// not.
    static func isLayer(_ type: String) -> Bool {
        let base = type.split(separator: "+", omittingEmptySubsequences: false)[0]
        let compression = type.dropFirst(base.count)
        switch base {
        case "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar":
            return ["", "+gzip", "+zstd"].contains(compression)
        case "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.zstd":
            return compression.isEmpty
        default: return false
        }
    }
}
