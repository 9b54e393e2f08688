internal import Archive
internal import OCI

extension OutputFormat {
    /// The root as a container image: an OCI image layout (image-spec, image-layout.md) in a tar, with one layer that
    /// is not compressed.
    static let oci = OutputFormat(
        name: "oci", summary: "root as a container image, an OCI archive", medium: .archive, wrapping: .tar,
        files: [File("-oci.tar", .archive)],
        isStreamable: true,
        needsInitrd: false
    ) { boot, request in
        let root = RootTar(parts: boot.root)
        return [
            Artifact(
                name: request.file("-oci.tar"),
                .stream { write in
                    try OCIArchive(root: root, request: request).write(write)
                })
        ]
    }
}

/// An OCI image layout as a tar.
private struct OCIArchive {
    let root: RootTar
    let request: OutputRequest

    func write(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        let (sha256, length) = try root.digest()
        let digest = Digest(sha256: sha256)
        var execution = ImageConfig.Execution()
        execution.entrypoint = [OutputFormat.entryPoint]
        var layout = ImageLayout()
        let config = try layout.add(
            ImageConfig(platform: request.platform, config: execution, diffIDs: [digest]), mediaType: MediaType.config)
        let layer = Descriptor(mediaType: MediaType.layer, digest: digest, size: length)
        let manifest = Manifest(config: config, layers: [layer])
        layout.add(manifest: try layout.add(manifest, mediaType: MediaType.manifest))
        try TarWriter.write(to: write) { tar in
            for (path, node) in try layout.files() { try tar.add(path, node) }
            try tar.addFile(ImageLayout.path(of: digest), length: length) { try root.write($0) }
        }
    }
}
