internal import Extents
internal import FoundationEssentials
internal import Progress

/// Reads what `docker save` and `skopeo copy … docker-archive:` write (Docker image specification 1.2, combined image
/// JSON and layers).
///
/// `manifest.json` names a configuration and layers, which newer versions keep as blobs of an OCI layout in the same
/// archive.
struct DockerArchiveReader: Sendable {
    let source: any ByteSource
    let store: ContentStore
    /// Those that an image may have; the format has one of each name.
    let platforms: PlatformChoice

    init(source: any ByteSource, store: ContentStore, platforms: PlatformChoice) {
        (self.source, self.store, self.platforms) = (source, store, platforms)
    }

    init(source: any ByteSource, store: ContentStore, platform: Platform) {
        self.init(source: source, store: store, platforms: .these([platform]))
    }

    struct Entry: Codable {
        var config: String
        var repoTags: [String]?
        var layers: [String]?

        enum CodingKeys: String, CodingKey { case config = "Config", repoTags = "RepoTags", layers = "Layers" }
    }

    /// Every image: the argument of ``image(_:name:)``, and its name.
    func names() throws -> [(wanted: String?, name: String?)] {
        let entries = try entries()
        return entries.flatMap { entry in
            let tags = entry.repoTags ?? []
            return tags.isEmpty && entries.count == 1 ? [(nil, nil)] : tags.map { ($0, $0) }
        }
    }

    private func entries() throws -> [Entry] {
        guard let bytes = try source.bytes("manifest.json", limit: ManifestDocument.largestSize) else {
            throw ImageError("not an archive of 'docker save': it has no 'manifest.json'")
        }
        return try ManifestError.decoding("manifest.json") { try JSONDecoder().decode([Entry].self, from: Data(bytes)) }
    }

    func image(_ wanted: String?, name: String) throws -> Image {
        let entry = try choose(wanted, entries())
        guard let configBytes = try source.bytes(entry.config, limit: ImageConfig.largestSize) else {
            throw ImageError("its configuration '\(PlainText.short(entry.config))' is missing")
        }
        let config = try ImageConfig(parsing: configBytes, name: "configuration '\(PlainText.short(entry.config))'")
        let platform = try platform(of: config)
        let files = entry.layers ?? []
        guard config.rootfs.diffIDs.count == files.count else {
            throw ManifestError.layers(files.count, diffIDs: config.rootfs.diffIDs.count)
        }
        let layers = try zip(files, config.rootfs.diffIDs).enumerated().map { number, pair in
            try copy(pair.0, diffID: try ImageConfig.diffID(pair.1, number))
        }
        return try store.addManifest(config: configBytes, layers: layers, name: name, platform: platform)
    }

    private func platform(of config: ImageConfig) throws -> Platform {
        guard case .these(let platforms) = platforms else { return config.platform.isKnown ? config.platform : .host }
        guard let platform = platforms.first(where: config.platform.satisfies) else {
            throw ImageError.noPlatform(platforms.first ?? .host, available: [config.platform])
        }
        return platform
    }

    private func choose(_ wanted: String?, _ entries: [Entry]) throws -> Entry {
        let canonical = wanted.map(ContentStore.canonical)
        let fitting = entries.filter { entry in
            canonical == nil || (entry.repoTags ?? []).contains { ContentStore.canonical($0) == canonical }
        }
        if fitting.count == 1 { return fitting[0] }
        let names = entries.flatMap { $0.repoTags ?? [] }
        let found = fitting.isEmpty ? "no image" : "it has several images"
        throw ImageError(
            "\(found)\(wanted.map { " '\(PlainText.short($0))'" } ?? "")\n  available: \(ImageError.list(names, none: "none has a name"))",
            hint: "append the name to the file, after a colon")
    }

    private func copy(_ file: String, diffID: Digest) throws -> Image.Layer {
        guard let content = try source.file(file) else {
            throw ImageError("its layer '\(PlainText.short(file))' is missing")
        }
        let writer = try BlobWriter(in: store.temporaryPath, limit: Descriptor.largestSize)
        let start = try ExtentReader.bytes(of: content[0..<min(4, content.length)], limit: 4)
        if case .plain = LayerEncoding(start) {
            if try !store.has(diffID, size: content.length) {
                try read(content, file, into: writer)
                try store.commit(writer, digest: diffID, size: content.length)
            }
            return Image.Layer(digest: diffID, size: content.length, diffID: diffID)
        }
        // Blobs of a layout are called by their digest, which saves reading those that the store has.
        if let digest = Digest(sha256: String(file.split(separator: "/").last ?? "")),
            try store.has(digest, size: content.length)
        {
            return Image.Layer(digest: digest, size: content.length, diffID: diffID)
        }
        try read(content, file, into: writer)
        let digest = try writer.finish()
        try writer.commit(to: store.blobPath(digest))
        return Image.Layer(digest: digest, size: content.length, diffID: diffID)
    }

    private func read(_ content: ExtentList, _ file: String, into writer: BlobWriter) throws {
        try store.progress.during(.copy, "'\(file)'", total: content.length) { step in
            try ExtentReader.read(content) {
                try writer.write($0)
                step.add($0.count)
            }
        }
    }
}
