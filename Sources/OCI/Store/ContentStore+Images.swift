internal import Extents

extension ContentStore {
    /// The image of a name for this platform; nil unless the store has all of it.
    ///
    /// Manifest and configuration are read and verified; layers are only looked at (they were verified when they were
    /// stored).
    /// - Parameter lazily: also an image whose layers are not in the store.
    /// - Throws: `ManifestError` for stored documents that are invalid; `FileError`.
    public func image(named name: String, platform: Platform, lazily: Bool = false) throws -> Image? {
        let name = Self.canonical(name)
        if let descriptor = try descriptor(named: name),
            let image = try image(descriptor, name: name, platform: platform, lazily: lazily)
        {
            FileUse.noteImage("\(root)/refs/\(Self.fileName(of: name))")
            return image
        }
        // A pinned image is the same under every name.
        guard let digest = try? ImageReference(name).digest, let size = try HostFiles.size(blobPath(digest)) else {
            return nil
        }
        let root = Descriptor(mediaType: "", digest: digest, size: size)
        return try image(root, name: name, platform: platform, lazily: lazily)
    }

    /// The image of a descriptor for this platform; nil unless the store has all of it.
    func image(_ root: Descriptor, name: String, platform: Platform, lazily: Bool = false) throws -> Image? {
        guard let (descriptor, manifest, config) = try manifest(below: root, platform: platform) else { return nil }
        let layers = try config.layers(of: manifest)
        guard try lazily || layers.allSatisfy({ try has($0.digest, size: $0.size) }) else { return nil }
        return Image(
            name: name, digest: descriptor.digest, platform: platform, config: config, layers: layers,
            contentID: manifest.config.digest)
    }

    /// The manifest for a platform at or below a descriptor, and its configuration; nil when one of them or an index
    /// above is not in the store.
    func manifest(below root: Descriptor, platform: Platform) throws -> (Descriptor, Manifest, ImageConfig)? {
        var search = ManifestSearch(root, for: platform)
        while let next = try search.next() {
            do {
                guard let document = try document(next.descriptor), let manifest = try search.enter(document, of: next),
                    let bytes = try blob(manifest.config.digest, limit: ImageConfig.largestSize)
                else { continue }
                let config = try ImageConfig(parsing: bytes, name: "configuration \(manifest.config.digest)")
                if search.takes(config, next) { return (next.descriptor, manifest, config) }
            } catch let error as ManifestError {
                try search.skip(error)
            }
        }
        return nil
    }

    /// Indexes may list indexes (image-spec, image-index.md), but only so deep.
    static let deepestIndex = 4

    /// Stores configuration and manifest of a one-platform image whose layers are in the store, and names it.
    ///
    /// Media types of layers (gzip, zstd or plain tar) come from their first bytes.
    /// - Throws: `ContentError.missing` for a layer that is not in the store.
    public func add(name: String, platform: Platform, config: ImageConfig, layers: [Image.Layer]) throws -> Image {
        precondition(
            config.rootfs.diffIDs == layers.map(\.diffID.description), "diff IDs of configuration and layers differ")
        let configBytes = try JSONText.compact(config)
        let image = try addManifest(config: configBytes, layers: layers, name: name, platform: platform)
        let descriptor = try Descriptor(
            mediaType: MediaType.manifest, digest: image.digest, size: HostFiles.size(blobPath(image.digest)) ?? 0,
            platform: platform)
        try set(name, to: descriptor)
        return image
    }

    /// Stores configuration and manifest of an image without a name.
    func addManifest(config bytes: [UInt8], layers: [Image.Layer], name: String, platform: Platform) throws -> Image {
        let config = try ImageConfig(parsing: bytes)
        let descriptors = try layers.map { layer in
            guard try has(layer.digest, size: layer.size) else { throw ContentError.missing(layer.digest) }
            let suffix = layer.digest == layer.diffID ? "" : try LayerEncoding(file: blobPath(layer.digest)).suffix
            return Descriptor(mediaType: MediaType.layer + suffix, digest: layer.digest, size: layer.size)
        }
        let configDigest = try ingest(bytes)
        let configDescriptor = Descriptor(mediaType: MediaType.config, digest: configDigest, size: UInt64(bytes.count))
        let manifest = try ingest(JSONText.compact(Manifest(config: configDescriptor, layers: descriptors)))
        return Image(
            name: Self.canonical(name), digest: manifest, platform: platform, config: config, layers: layers,
            contentID: configDigest)
    }
}
