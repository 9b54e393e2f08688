internal import Archive
internal import Extents
internal import Progress

extension ContentStore {
    /// What ``export(_:as:platforms:_:write:)`` writes.
    public enum ExportForm: String, CaseIterable, Sendable {
        /// An OCI image layout (image-spec, image-layout.md).
        case oci
        /// The same with `manifest.json` (Docker image specification 1.2), for `docker load` of every age.
        case docker
        /// The files of the merged layers.
        case filesystem
    }

    /// Writes the images of names as a tar archive; the same images give the same bytes.
    /// - Parameters:
    ///   - newName: what one image is called in the archive; nil is its own name.
    ///   - platforms: of one platform, its image; of several, an index of their images; all is what the name means.
    ///   - write: takes the archive's bytes in order.
    /// - Throws: `ImageError` when the store has no such image for a platform; `FileError`, `ContentError`, or what
    ///   `write` throws.
    public func export(
        _ names: [String], as newName: String? = nil, platforms: PlatformChoice, _ form: ExportForm,
        write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try progress.during(.export, names.map(Self.canonical).joined(separator: ", ")) { step in
            try TarWriter.write(to: {
                try write($0)
                step.add($0.count)
            }) { tar in
                if form == .filesystem {
                    guard names.count == 1, case .these(let platforms) = platforms, platforms.count == 1 else {
                        throw ImageError(
                            "the files of several images are not one tree", hint: "export one after another")
                    }
                    return try tar.add(FileTree.flatten(layers: uncompressedLayers(of: whole(names[0], platforms[0]))))
                }
                let layout = try layout(of: names, as: newName, platforms, form)
                for (path, node) in try layout.files() { try tar.add(path, node) }
            }
        }
    }

    private func layout(of names: [String], as newName: String?, _ platforms: PlatformChoice, _ form: ExportForm) throws
        -> ImageLayout
    {
        var layout = ImageLayout()
        var entries: [DockerArchiveReader.Entry] = []
        for name in names {
            let shown = Self.canonical(newName ?? name)
            let manifest = try add(name, called: shown, platforms, to: &layout)
            entries.append(
                DockerArchiveReader.Entry(
                    config: ImageLayout.name(of: manifest.config.digest), repoTags: [shown],
                    layers: manifest.layers.map { ImageLayout.name(of: $0.digest) }))
        }
        if form == .docker { layout.extras.append((TreePath("manifest.json"), try JSONText.compact(entries))) }
        return layout
    }

    /// - Returns: the manifest for programs that know one platform only: this machine's, else the first.
    private func add(_ name: String, called shown: String, _ platforms: PlatformChoice, to layout: inout ImageLayout)
        throws -> Manifest
    {
        if case .these(let platforms) = platforms, platforms.count == 1 {
            return try layout.add(whole(name, platforms[0]), called: shown, of: self)
        }
        guard let root = try descriptor(named: name), let document = try document(root) else {
            throw absent(name, "")
        }
        guard case .index(let index) = document else {
            let own = try self.platforms(of: root)
            if case .these(let wanted) = platforms, let other = wanted.first(where: { !own.contains($0) }) {
                throw absent(name, " for \(other)")
            }
            return try layout.add(whole(name, own.first ?? .host), called: shown, of: self)
        }
        let chosen: [Platform]
        if case .these(let platforms) = platforms { chosen = platforms } else { chosen = index.platforms }
        let images = try chosen.map { try whole(name, $0) }
        guard let first = images.first(where: { Platform.host.satisfies($0.platform) }) ?? images.first else {
            throw absent(name, "")
        }
        if platforms == .all {
            try layout.add(root: root, called: shown, of: self)
        } else {
            let part = ImageIndex(manifests: try images.map { try entry(of: $0, in: index) })
            for image in images { try layout.add(partsOf: image, of: self) }
            layout.add(manifest: try layout.add(part, mediaType: MediaType.index).named(shown))
        }
        return try layout.add(partsOf: first, of: self)
    }

    private func entry(of image: Image, in index: ImageIndex) throws -> Descriptor {
        guard let entry = index.manifests.first(where: { $0.digest == image.digest }) else {
            throw ImageError(
                "its index lists \(image.platform) in another index", hint: "export it with --platform all")
        }
        return entry
    }

    private func whole(_ name: String, _ platform: Platform) throws -> Image {
        guard let image = try image(named: name, platform: platform) else { throw absent(name, " for \(platform)") }
        return image
    }

    private func absent(_ name: String, _ platform: String) -> ImageError {
        let name = Self.canonical(name)
        return ImageError(
            "image '\(name)'\(platform) is not in the store '\(path)'",
            hint: "'moby cache ls' lists its images; add it with 'moby cache pull \(name)' or 'moby pkg build'")
    }
}
