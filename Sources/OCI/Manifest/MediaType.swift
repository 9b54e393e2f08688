/// Media types of the image-spec (media-types.md) and Docker's equivalents.
enum MediaType {
    static let manifest = "application/vnd.oci.image.manifest.v1+json"
    static let index = "application/vnd.oci.image.index.v1+json"
    static let config = "application/vnd.oci.image.config.v1+json"
    static let layer = "application/vnd.oci.image.layer.v1.tar"
    static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"

    /// What is asked of a registry, best first.
    static let accepted = [index, manifest, dockerIndex, dockerManifest]

    static func isIndex(_ type: String) -> Bool { type == index || type == dockerIndex }
    static func isManifest(_ type: String) -> Bool { type == manifest || type == dockerManifest }

    /// Whether a layer of this type is a tar archive of files; encrypted layers, charts, signatures and the like are
    /// not.
    static func isLayer(_ type: String) -> Bool {
        let base = type.split(separator: "+", omittingEmptySubsequences: false)[0]
        let compression = type.dropFirst(base.count)
        switch base {
        case "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar":
            return ["", "+gzip", "+zstd"].contains(compression)
        case "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.zstd":
            return compression.isEmpty
        default: return false
        }
    }
}
