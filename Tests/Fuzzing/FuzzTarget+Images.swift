internal import Archive
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

extension FuzzTarget {
    /// What registries send.
    static let images = [
        FuzzTarget("manifest") { bytes in
            let document = try ManifestDocument(bytes, mediaType: nil)
            switch document {
            case .manifest(let manifest):
                try manifest.checkLayers()
                let config = ImageConfig(
                    platform: Platform(architecture: "amd64"), config: ImageConfig.Execution(),
                    diffIDs: manifest.layers.map(\.digest))
                _ = try config.layers(of: manifest)
            case .index(let index):
                _ = index.platforms.map(\.description)
                _ = index.manifest(for: Platform(architecture: "arm", variant: "v7"))
            }
        },
        FuzzTarget("config") { bytes in
            let image = try ImageConfig(parsing: bytes)
            let layer = Descriptor(mediaType: MediaType.manifest, digest: Digest(sha256: SHA256.hash([])), size: 0)
            _ = try image.layers(of: Manifest(config: layer, layers: image.rootfs.diffIDs.map { _ in layer }))
            _ = try container(image)
        },
        // As it is stored. What was read before an error is used, so that bytes behind a wrong check sum count.
        FuzzTarget("layer") { bytes in
            var plain: [UInt8] = []
            var problem: (any Error)?
            do {
                try Compression.decompress(ExtentList(bytes: bytes), limit: 1 << 20) { plain += $0 }
            } catch { problem = error }
            let layer = ExtentList(bytes: plain)
            let tree = try FileTree.flatten(layers: [layer, layer])
            try write(tree)
            if let problem { throw problem }
        },
    ]

    /// The container that a spec makes of an image without saying anything about it.
    private static func container(_ image: ImageConfig) throws -> RuntimeConfig {
        let text = "services:\n  - name: a\n    image: a\n"
        let spec = try SpecReader.read([SpecReader.Source(name: "fuzz", text: text, folder: nil)]) { _ in "a" }.spec
        let label = try image.config?.labels?["org.mobyproject.config"].map { try SpecReader.label($0, of: "a") }
        let accounts = Accounts(passwd: "web:x:7:8::/:\n", group: "web:x:8:\nmore:x:9:web\n")
        return try RuntimeConfig(
            RuntimeConfig.Input(
                container: spec.services[0], label: label ?? ContainerOptions(), image: image,
                placement: BundleLocation(section: .services, index: 0, name: "a", imageTree: "/images/a"),
                volumes: VolumeTable(spec), identities: IdentityTable(spec), accounts: { accounts }))
    }

    /// Writes a tree as a build does, and reads it again as a kernel does.
    private static func write(_ tree: FileTree) throws {
        let length = tree.paths.reduce(UInt64(0)) { sum, path in
            if case .regular(let content)? = tree[path]?.kind { sum &+ content.length } else { sum }
        }
        // Holes cost nothing in a layer.
        guard length < 4 << 20 else { return }
        var builder = ByteBuilder()
        do { try CPIO.write(tree, to: &builder) } catch is CPIOError { return }
        let segments = try CPIO.read(ExtentList(bytes: builder.bytes))
        precondition(segments.count == 1, "a segment is read as \(segments.count)")
    }
}
