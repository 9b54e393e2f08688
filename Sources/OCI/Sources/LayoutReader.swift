internal import Extents
internal import FoundationEssentials

/// Reads an OCI image layout (image-spec, image-layout.md) into the store.
struct LayoutReader: Sendable {
    let source: any ByteSource
    let store: ContentStore
    let platform: Platform

    /// Copies what the platform's image needs and the store has not.
    /// - Parameters:
    ///   - wanted: a name in the layout or a digest; nil when there is only one.
    ///   - name: what the image is called.
    func image(_ wanted: String?, name: String) throws -> Image {
        let (descriptor, manifest) = try manifest(below: choose(wanted, index()))
        try copy(manifest.config)
        for layer in manifest.layers { try copy(layer) }
        guard let image = try store.image(descriptor, name: name, platform: platform) else {
            guard let config = store.blob(manifest.config.digest, limit: ImageConfig.largestSize) else {
                throw ContentError.missing(manifest.config.digest)
            }
            throw ImageError.noPlatform(platform, available: [try ImageConfig(parsing: config).platform])
        }
        return image
    }

    /// As ``image(_:name:)``.
    /// - Returns: what the layout's index says of it.
    func copy(_ wanted: String?) throws -> Descriptor {
        _ = try image(wanted, name: wanted ?? "")
        return try choose(wanted, index())
    }

    /// Every image for the platform, by what ``image(_:name:)`` wants, with its name.
    func names() throws -> [(wanted: String?, name: String?)] {
        let fitting = try index().manifests.filter { $0.platform?.satisfies(platform) ?? true }
        return fitting.map { ($0.digest.description, Self.names($0).dropLast().last) }
    }

    private func index() throws -> ImageIndex {
        guard let bytes = try source.bytes("index.json", limit: ManifestDocument.largestSize) else {
            throw ImageError("it has no 'index.json': it is no OCI image layout")
        }
        guard case .index(let index) = try ManifestDocument(bytes, mediaType: MediaType.index) else {
            throw ImageError("'index.json' is not an index")
        }
        return index
    }

    private func choose(_ wanted: String?, _ index: ImageIndex) throws -> Descriptor {
        let candidates = index.manifests.filter { wanted == nil || Self.names($0).contains(wanted ?? "") }
        let fitting = candidates.filter { $0.platform?.satisfies(platform) ?? true }
        if let first = fitting.first, fitting.allSatisfy({ $0.digest == first.digest }) { return first }
        guard !fitting.isEmpty || candidates.isEmpty else {
            throw ImageError.noPlatform(platform, available: candidates.compactMap(\.platform))
        }
        let names = index.manifests.compactMap { $0.annotations?[Descriptor.nameAnnotation] }
        let list = names.isEmpty ? "none has a name" : names.joined(separator: ", ")
        let found =
            wanted.map { "there is no image '\($0)'" } ?? (index.manifests.isEmpty ? "there is no image" : "there are several images")
        throw ImageError("\(found)\n  available: \(list)\n  hint: put a name or a digest after the path, with a colon between")
    }

    /// All that an entry may be called: its name, that of containerd, its digest.
    private static func names(_ descriptor: Descriptor) -> [String] {
        let names = [Descriptor.nameAnnotation, "io.containerd.image.name"].compactMap { descriptor.annotations?[$0] }
        return names + [descriptor.digest.description]
    }

    private func manifest(below root: Descriptor) throws -> (Descriptor, Manifest) {
        var descriptor = root
        for _ in 0..<ContentStore.deepestIndex {
            guard descriptor.size <= ManifestDocument.largestSize else { throw ContentError.tooLong(limit: ManifestDocument.largestSize) }
            try copy(descriptor)
            switch try store.document(descriptor) {
            case .manifest(let manifest): return (descriptor, manifest)
            case .index(let index):
                guard let next = index.manifest(for: platform) else { throw ImageError.noPlatform(platform, available: index.platforms) }
                descriptor = next
            case nil: throw ContentError.missing(descriptor.digest)
            }
        }
        throw ImageError("its indexes are more than \(ContentStore.deepestIndex) deep")
    }

    /// Blobs that the store has are not read again.
    private func copy(_ descriptor: Descriptor) throws {
        guard !store.has(descriptor) else { return }
        guard let content = try source.file("blobs/sha256/\(descriptor.digest.hex)") else {
            throw ImageError("blob \(descriptor.digest) is not there")
        }
        let writer = try BlobWriter(in: store.temporaryPath, limit: descriptor.size)
        try ExtentReader.read(content, writer.write)
        try store.commit(writer, digest: descriptor.digest, size: descriptor.size)
    }
}
