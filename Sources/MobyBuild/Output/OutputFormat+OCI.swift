internal import Archive
internal import Extents
internal import OCI

extension OutputFormat {
    /// The root as a container image: an OCI image layout (image-spec, image-layout.md) in a tar, with one layer that
    /// is not compressed.
    static let oci = OutputFormat(
        "oci", "root as a container image, an OCI archive", medium: .archive, wrapping: .tar, suffixes: ["-oci.tar"],
        isStreamable: true,
        needsInitrd: false
    ) { boot, request in
        let root = RootTar(parts: boot.root)
        return [
            Artifact(
                name: request.file("-oci.tar"),
                .stream { write in
                    try withoutActuallyEscaping(write) { try OCIArchive(root: root, request: request).write($0) }
                })
        ]
    }
}

/// An OCI image layout as a tar.
private struct OCIArchive {
    let root: RootTar
    let request: OutputRequest

    func write(_ write: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let layer = try root.digest()
        let config = Blob(
            """
            {"architecture":"\(request.platform.architecture)","config":{"Entrypoint":["\(OutputFormat.entryPoint)"]},\
            "os":"\(request.platform.os)","rootfs":{"diff_ids":["sha256:\(layer.digits)"],"type":"layers"}}
            """)
        let layerType = "application/vnd.oci.image.layer.v1.tar"
        let manifest = Blob(
            """
            {"config":\(config.descriptor("application/vnd.oci.image.config.v1+json")),\
            "layers":[{"digest":"sha256:\(layer.digits)","mediaType":"\(layerType)","size":\(layer.length)}],\
            "mediaType":"\(Self.manifestType)","schemaVersion":2}
            """)
        let index = """
            {"manifests":[\(manifest.descriptor(Self.manifestType))],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}
            """
        let tar = TarWriter(write)
        try tar.add(TreePath("oci-layout"), .file(#"{"imageLayoutVersion":"1.0.0"}"#, mode: 0o644))
        try tar.add(TreePath("index.json"), .file(index, mode: 0o644))
        for folder in [TreePath("blobs"), TreePath("blobs/sha256")] {
            try tar.add(folder, FileTree.Node(.directory, mode: 0o755))
        }
        for blob in [config, manifest] { try tar.add(Self.path(blob.digits), .file(blob.text, mode: 0o644)) }
        try tar.addFile(Self.path(layer.digits), length: layer.length) { try root.write($0) }
        try tar.finish()
    }

    private static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    private static func path(_ digits: String) -> TreePath {
        TreePath("blobs/sha256/\(digits)".utf8) ?? .root
    }

    private struct Blob {
        let text: String
        let digits: String

        init(_ text: String) {
            self.text = text
            digits = SHA256.hash(Array(text.utf8))
        }

        func descriptor(_ type: String) -> String {
            #"{"digest":"sha256:\#(digits)","mediaType":"\#(type)","size":\#(text.utf8.count)}"#
        }
    }
}
