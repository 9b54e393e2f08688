internal import Extents
internal import Glibc

/// Images without their layers: enough for a build that finds in a shared cache what it would make of them.
extension ContentStore {
    /// Whether a layer can neither be read unpacked nor be unpacked.
    public func lacksLayers(of image: Image) throws -> Bool {
        try image.layers.contains { layer in
            if try has(layer.digest, size: layer.size) { return false }
            return try layer.digest == layer.diffID || !hasLayer(layer.diffID)
        }
    }

    /// Stores manifest and configuration of an image, and names it. Its layers may be missing.
    /// - Throws: `ContentError.missing` when they do not belong together; `ManifestError`.
    public func add(name: String, platform: Platform, manifest: [UInt8], configuration: [UInt8]) throws -> Image {
        let digest = Digest(sha256: SHA256.hash(manifest))
        let parsed = try ManifestDocument(manifest, mediaType: MediaType.manifest)
        guard case .manifest(let document) = parsed,
            document.config.digest == Digest(sha256: SHA256.hash(configuration))
        else { throw ContentError.missing(digest) }
        _ = try (ingest(manifest), ingest(configuration))
        let root = Descriptor(
            mediaType: MediaType.manifest, digest: digest, size: UInt64(manifest.count), platform: platform)
        guard let image = try image(root, name: name, platform: platform, lazily: true) else {
            throw ContentError.missing(digest)
        }
        try set(name, to: root, lacksLayers: lacksLayers(of: image))
        return image
    }

    /// The bytes of an image's manifest and configuration.
    /// - Throws: `ContentError.missing`.
    public func documents(of image: Image) throws -> (manifest: [UInt8], configuration: [UInt8]) {
        guard let manifest = try blob(image.digest, limit: ManifestDocument.largestSize) else {
            throw ContentError.missing(image.digest)
        }
        guard let configuration = try blob(image.contentID, limit: ImageConfig.largestSize) else {
            throw ContentError.missing(image.contentID)
        }
        return (manifest, configuration)
    }

    /// Moves a blob out of the store.
    /// - Parameters:
    ///   - path: on the same file system.
    ///   - mode: permission bits.
    public func move(_ digest: Digest, to path: String, mode: UInt32) throws {
        let blob = blobPath(digest)
        guard chmod(blob, mode) == 0, Glibc.rename(blob, path) == 0 else { throw FileError("move", blob) }
    }

    /// Notes that an image has its layers from now on.
    func noteLayers(of image: Image) throws {
        guard let named = try ownDescriptor(named: image.name), named.lacksLayers else { return }
        try set(image.name, to: named)
    }

    /// Layers that a name lacks on purpose.
    func absentLayers(of named: Descriptor) throws -> Set<Digest> {
        guard named.lacksLayers else { return [] }
        let layers = try closure(of: named).documents.flatMap { document -> [Descriptor] in
            guard case .manifest(let manifest)? = try self.document(document) else { return [] }
            return manifest.layers
        }
        return Set(layers.map(\.digest))
    }
}

extension Descriptor {
    fileprivate var lacksLayers: Bool { annotations?[Self.absentAnnotation] != nil }
}
