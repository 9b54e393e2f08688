internal import FoundationEssentials

extension ImageConfig {
    /// The most bytes of a configuration that are read.
    static let largestSize: UInt64 = 16 << 20

    /// Reads a configuration from exactly the bytes that were hashed.
    /// - Throws: `ManifestError` when it is no image configuration, e.g. of an artifact.
    init(parsing bytes: [UInt8]) throws {
        self = try ManifestError.decoding { try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) }
    }

    /// The layers of a manifest with the diff IDs of its configuration.
    func layers(of manifest: Manifest) throws -> [Image.Layer] {
        guard manifest.layers.count == rootfs.diffIDs.count else {
            throw ManifestError("it has \(manifest.layers.count) layers, but its configuration has \(rootfs.diffIDs.count) diff IDs")
        }
        return try zip(manifest.layers, rootfs.diffIDs).enumerated().map { number, pair in
            guard let diffID = Digest(pair.1) else {
                throw ManifestError("rootfs.diff_ids[\(number)] '\(pair.1)' is not 'sha256:' with 64 digits 0-9 and a-f")
            }
            return Image.Layer(digest: pair.0.digest, size: pair.0.size, diffID: diffID)
        }
    }
}
