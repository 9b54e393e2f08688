internal import Extents
internal import Glibc

extension ContentStore {
    /// A name of the store, and how much of its image is there.
    public struct Summary: Sendable {
        /// The canonical name.
        public let name: String
        public let digest: Digest
        /// Bytes of the manifests, configurations and layers that the store has of it; what images share counts for
        /// each.
        public let size: UInt64
        /// Whether nothing of what it names is missing, as far as the store can tell.
        public let isWhole: Bool
        /// The platforms that the store has all of, in order; none for an artifact that is not an image, e.g. a signature.
        public let platforms: [Platform]
        /// When the name got this image, in seconds since 1970.
        public let changed: Int64
    }

    /// All names, in order.
    /// - Throws: `FileError`.
    public func summaries() throws -> [Summary] {
        try entries().compactMap { entry in
            // Another process may just have removed the name.
            guard let status = try HostFiles.status("\(root)/refs/\(Self.fileName(of: entry.name))") else { return nil }
            let closure = try closure(of: entry.descriptor)
            return Summary(
                name: entry.name, digest: entry.descriptor.digest,
                size: (closure.documents + closure.blobs).reduce(0) { $0 + $1.size },
                isWhole: closure.missing.isEmpty,
                platforms: try closure.documents.compactMap(platform).sorted { $0.description < $1.description },
                changed: Int64(status.st_mtim.tv_sec))
        }
    }

    /// The platform of an image; nil for an index, an artifact that is not an image, and an image with missing parts.
    private func platform(_ descriptor: Descriptor) throws -> Platform? {
        guard case .manifest(let manifest)? = try document(descriptor),
            let bytes = try blob(manifest.config.digest, limit: ImageConfig.largestSize),
            let config = try? ImageConfig(parsing: bytes), try manifest.layers.allSatisfy(has),
            config.platform.isKnown, config.os != "unknown"
        else { return nil }
        return config.platform
    }
}
