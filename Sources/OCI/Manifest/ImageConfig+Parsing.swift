internal import Extents
internal import FoundationEssentials

extension ImageConfig {
    /// The most bytes of a configuration that are read.
    static let largestSize: UInt64 = 16 << 20

    /// Reads a configuration from exactly the bytes that were hashed.
    /// - Throws: `ManifestError` when it is no image configuration, e.g. of an artifact.
    /// - Parameter name: what messages call the document.
    init(parsing bytes: [UInt8], name: String = "the configuration") throws {
        self = try ManifestError.decoding(name) { try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) }
    }

    /// - Throws: `ImageError` for a configuration that is larger than any is.
    static func checkSize(_ descriptor: Descriptor) throws {
        guard descriptor.size > largestSize else { return }
        throw ImageError(
            "configuration \(descriptor.digest) has \(descriptor.size) bytes, at most \(largestSize) are read")
    }

    /// The layers of a manifest with the diff IDs of its configuration.
    func layers(of manifest: Manifest) throws -> [Image.Layer] {
        guard manifest.layers.count == rootfs.diffIDs.count else {
            throw ManifestError.layers(manifest.layers.count, diffIDs: rootfs.diffIDs.count)
        }
        return try zip(manifest.layers, rootfs.diffIDs).enumerated().map { number, pair in
            Image.Layer(digest: pair.0.digest, size: pair.0.size, diffID: try Self.diffID(pair.1, number))
        }
    }

    /// - Throws: `ManifestError` with the place of the text.
    static func diffID(_ text: String, _ number: Int) throws -> Digest {
        guard let diffID = Digest(text) else {
            throw ManifestError(
                "rootfs.diff_ids[\(number)] '\(PlainText.short(text))' is not 'sha256:' with 64 digits 0-9 and a-f")
        }
        return diffID
    }
}
