internal import Extents
internal import FoundationEssentials

/// A manifest or an index, read from exactly the bytes that were hashed.
package enum ManifestDocument: Sendable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// The most bytes of a manifest or index that are read (distribution-spec, pushing manifests: 4 MiB).
    static let largestSize: UInt64 = 4 << 20

    /// - Parameter mediaType: from the descriptor or the server; nil or a generic type when unknown.
    /// - Throws: `ManifestError` when it is neither, both at once, or of another media type.
    package init(_ bytes: [UInt8], mediaType declared: String?) throws {
        let shape = try ManifestError.decoding { try JSONDecoder().decode(ManifestShape.self, from: Data(bytes)) }
        let type = try shape.type(declared: declared)
        if MediaType.isIndex(type) {
            self = .index(try ManifestError.decoding { try JSONDecoder().decode(ImageIndex.self, from: Data(bytes)) })
            return
        }
        self = .manifest(try ManifestError.decoding { try JSONDecoder().decode(Manifest.self, from: Data(bytes)) })
    }
}

extension ManifestDocument {
    /// Its own media type, else the OCI type.
    var mediaType: String {
        switch self {
        case .manifest(let manifest): manifest.mediaType ?? MediaType.manifest
        case .index(let index): index.mediaType ?? MediaType.index
        }
    }
}

/// The fields that tell a manifest from an index. A document that could be read as either is refused
/// (CVE-2021-41190).
private struct ManifestShape: Decodable {
    var schemaVersion: Int?
    var mediaType: String?
    var hasManifests: Bool
    var hasLayers: Bool

    enum CodingKeys: String, CodingKey { case schemaVersion, mediaType, manifests, layers, config, fsLayers }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try values.decodeIfPresent(Int.self, forKey: .schemaVersion)
        mediaType = try values.decodeIfPresent(String.self, forKey: .mediaType)
        hasManifests = values.contains(.manifests)
        hasLayers = values.contains(.layers) || values.contains(.config) || values.contains(.fsLayers)
    }

    func type(declared: String?) throws -> String {
        guard schemaVersion != 1 else {
            throw ManifestError(
                "Docker schema 1 manifests are not supported: push the image again with a current tool")
        }
        guard !(hasManifests && hasLayers) else {
            throw ManifestError("ambiguous: it has both 'manifests' and 'layers'")
        }
        guard hasManifests || hasLayers else { throw ManifestError("it has neither 'manifests' nor 'layers'") }
        let generic = hasManifests ? MediaType.index : MediaType.manifest
        let type = mediaType ?? generic
        guard hasManifests ? MediaType.isIndex(type) : MediaType.isManifest(type) else {
            throw ManifestError(
                "it has '\(hasManifests ? "manifests" : "layers")', but its media type is '\(PlainText.short(type))'")
        }
        if let declared, MediaType.isIndex(declared) || MediaType.isManifest(declared) {
            let agrees = mediaType == nil ? MediaType.isIndex(declared) == hasManifests : declared == type
            guard agrees else {
                throw ManifestError(
                    "its media type is '\(PlainText.short(type))', but it was announced as '\(PlainText.short(declared))'"
                )
            }
        }
        return type
    }
}
