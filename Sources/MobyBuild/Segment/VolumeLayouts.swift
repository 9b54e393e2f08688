internal import Archive
internal import MobySpec
internal import OCI

/// Volumes of format `oci`: an OCI image layout (image-spec, image-layout.md) of one image for one or several
/// platforms.
struct VolumeLayouts: Sendable {
    /// Changes whenever the layout of the same images does.
    static let version = 2

    private let images: [String: [Image]]

    init(images: [String: [Image]] = [:]) { self.images = images }

    /// Gets the images of the platforms that volumes name; without names it is the platform of the build.
    static func fetch(_ spec: Spec, provider: (Platform) -> ImageProvider) async throws -> VolumeLayouts {
        var images: [String: [Image]] = [:]
        for volume in spec.volumes where volume.format == .oci && !volume.platforms.isEmpty {
            guard let source = volume.image else { continue }
            for platform in volume.platforms {
                images[volume.name, default: []].append(try await provider(platform).image(source.value))
            }
        }
        return VolumeLayouts(images: images)
    }

    /// Every image with the text that names it.
    var all: [(source: String, image: Image)] { images.values.flatMap(\.self).map { ($0.name, $0) } }

    func images(of volume: VolumeSpec, _ set: ImageSet) throws -> [Image] {
        if let images = images[volume.name] { return images }
        return volume.image.map { [set[$0]] } ?? []
    }

    static func tree(_ images: [Image], store: ContentStore) throws -> FileTree {
        var layout = ImageLayout()
        for image in images { try layout.add(image, called: image.name, of: store) }
        return try layout.tree()
    }
}
