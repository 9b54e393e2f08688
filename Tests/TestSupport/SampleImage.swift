public import Archive
internal import Extents
public import OCI

/// A small image made in memory, by other code than what is tested.
public struct SampleImage: Sendable {
    /// Blobs by digest: configuration, layers, manifest.
    public private(set) var blobs: [Digest: [UInt8]] = [:]
    public private(set) var layers: [Image.Layer] = []
    public let config: ImageConfig
    public let configDigest: Digest
    /// Descriptor of the manifest.
    public let descriptor: Descriptor

    /// - Parameters:
    ///   - layers: uncompressed tars, lowest first; see ``SampleTar``.
    ///   - compression: of the layers.
    public init(
        layers tars: [[UInt8]] = [SampleTar.tar(["etc/motd": "hello\n"])], compression: Compression = .gzip,
        platform: Platform = Platform(architecture: "amd64"), execution: ImageConfig.Execution = .init()
    ) throws {
        var blobs: [Digest: [UInt8]] = [:]
        func add(_ bytes: [UInt8]) -> Digest {
            let digest = Digest(sha256: SHA256.hash(bytes))
            blobs[digest] = bytes
            return digest
        }
        for tar in tars {
            let diffID = Digest(sha256: SHA256.hash(tar))
            var packed = Collected()
            try compression.compress(to: &packed) { try $0.write(tar) }
            layers.append(Image.Layer(digest: add(packed.bytes), size: UInt64(packed.bytes.count), diffID: diffID))
        }
        config = ImageConfig(platform: platform, config: execution, diffIDs: layers.map(\.diffID))
        let configBytes = try JSONText.compact(config)
        configDigest = add(configBytes)
        let suffix = compression == .none ? "" : compression == .gzip ? "+gzip" : "+zstd"
        let manifest = Manifest(
            config: Descriptor(
                mediaType: "application/vnd.oci.image.config.v1+json", digest: configDigest,
                size: UInt64(configBytes.count)),
            layers: layers.map {
                Descriptor(
                    mediaType: "application/vnd.oci.image.layer.v1.tar\(suffix)", digest: $0.digest, size: $0.size)
            })
        let manifestBytes = try JSONText.compact(manifest)
        descriptor = Descriptor(
            mediaType: "application/vnd.oci.image.manifest.v1+json", digest: add(manifestBytes),
            size: UInt64(manifestBytes.count),
            platform: platform)
        self.blobs = blobs
    }

    /// Writes an OCI image layout.
    public func write(layout folder: String, name: String = "latest") throws {
        try Self.write([(name, self)], layout: folder)
    }

    /// Writes several images into one OCI image layout.
    public static func write(_ images: [(name: String, image: SampleImage)], layout folder: String) throws {
        try TestFile.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "\(folder)/oci-layout")
        for (_, image) in images {
            for (digest, bytes) in image.blobs { try TestFile.write(bytes, to: "\(folder)/blobs/sha256/\(digest.hex)") }
        }
        let index = ImageIndex(
            manifests: images.map { name, image in
                var descriptor = image.descriptor
                descriptor.annotations = ["org.opencontainers.image.ref.name": name]
                return descriptor
            })
        try TestFile.write(try JSONText.compact(index), to: "\(folder)/index.json")
    }
}

private struct Collected: ByteSink {
    var bytes: [UInt8] = []

    mutating func write(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
}
