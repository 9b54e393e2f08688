internal import Archive
internal import Extents
internal import FoundationEssentials
internal import MobySpec
internal import OCI

/// Volumes of format `oci`: an OCI image layout (image-spec, image-layout.md) of one image for one or several
/// platforms.
struct VolumeLayouts: Sendable {
    private let images: [String: [Image]]

    init(images: [String: [Image]] = [:]) { self.images = images }

    /// Gets the images of the platforms that volumes name; without names it is the platform of the build.
    static func fetch(_ spec: Spec, provider: (Platform) -> ImageProvider) async throws -> VolumeLayouts {
        var images: [String: [Image]] = [:]
        for volume in spec.volumes where volume.format == "oci" && !volume.platforms.isEmpty {
            guard let source = volume.image else { continue }
            for text in volume.platforms {
                guard let platform = Platform(text) else {
                    throw Diagnostic(
                        at: volume.location,
                        "platform '\(PlainText.short(text))' of volume '\(volume.name)' is not of the form os/arch[/variant]",
                        hint: "for example linux/amd64")
                }
                images[volume.name, default: []].append(try await provider(platform).image(source.value))
            }
        }
        return VolumeLayouts(images: images)
    }

    func images(of volume: VolumeSpec, _ set: ImageSet) throws -> [Image] {
        if let images = images[volume.name] { return images }
        return volume.image.map { [set[$0]] } ?? []
    }

    /// The layout: marker, index and the blobs of each image.
    static func tree(_ images: [Image], store: ContentStore) throws -> FileTree {
        var tree = FileTree()
        for directory in [TreePath("blobs"), TreePath("blobs/sha256")] {
            tree.set(directory, FileTree.Node(.directory, mode: 0o755))
        }
        tree.set(TreePath("oci-layout"), .file(#"{"imageLayoutVersion":"1.0.0"}"#, mode: 0o644))
        var manifests: [JSONValue] = []
        for image in images {
            let manifest = try put(image.digest, of: store, in: &tree)
            for layer in image.layers { _ = try put(layer.digest, of: store, in: &tree) }
            if let config = try configDigest(manifest) { _ = try put(config, of: store, in: &tree) }
            manifests.append(descriptor(image, size: manifest.length))
        }
        let index = JSONValue.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string("application/vnd.oci.image.index.v1+json")),
            ("manifests", .array(manifests)),
        ])
        tree.set(TreePath("index.json"), .file(index.text(indent: 0), mode: 0o644))
        return tree
    }

    private static func put(_ digest: Digest, of store: ContentStore, in tree: inout FileTree) throws -> ExtentList {
        let blob = try store.verifiedBlob(digest)
        if let path = TreePath("blobs/sha256/\(digest.hex)".utf8) {
            tree.set(path, FileTree.Node(.regular(blob), mode: 0o644))
        }
        return blob
    }

    private static func descriptor(_ image: Image, size: UInt64) -> JSONValue {
        var platform: [(key: String, value: JSONValue)] = [
            ("architecture", .string(image.platform.architecture)), ("os", .string(image.platform.os)),
        ]
        if let variant = image.platform.variant { platform.append(("variant", .string(variant))) }
        return .object([
            ("mediaType", .string("application/vnd.oci.image.manifest.v1+json")),
            ("digest", .string(image.digest.description)),
            ("size", .integer(Int64(size))),
            ("annotations", .object([("org.opencontainers.image.ref.name", .string(image.name))])),
            ("platform", .object(platform)),
        ])
    }
}

/// The two members of a manifest that copying it takes.
private struct ManifestHead: Decodable {
    struct Descriptor: Decodable { var digest: String }
    var mediaType: String?
    var config: Descriptor
}

extension VolumeLayouts {
    static func configDigest(_ manifest: ExtentList) throws -> Digest? {
        let head = try JSONDecoder().decode(
            ManifestHead.self, from: Data(ExtentReader.bytes(of: manifest, limit: 4 << 20)))
        return Digest(head.config.digest)
    }
}

extension Platform {
    /// Reads `os/arch[/variant]`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
    }
}
