internal import Extents
internal import FoundationEssentials

/// Documents about an image that are next to it in its index, as BuildKit writes them (BuildKit,
/// attestation-storage.md).
public struct Attestation: Sendable {
    /// Of the document.
    public let digest: Digest
    /// An in-toto statement; nil when the store does not have it.
    public let bytes: [UInt8]?
}

extension ImageIndex {
    /// The manifests of attestations about an image.
    func attestations(of image: Digest) -> [Descriptor] {
        manifests.filter {
            $0.annotations?["vnd.docker.reference.type"] == "attestation-manifest"
                && $0.annotations?["vnd.docker.reference.digest"] == image.description
        }
    }
}

/// A manifest whose layers are statements.
struct AttestationManifest: Decodable {
    let layers: [Descriptor]

    /// Of an index's entry.
    /// - Throws: `ManifestError`.
    init(parsing bytes: [UInt8]) throws {
        self = try ManifestError.decoding("an attestation") {
            try JSONDecoder().decode(AttestationManifest.self, from: Data(bytes))
        }
    }

    /// Those with a predicate of this type, of a size that is read.
    func statements(_ predicateType: String) -> [Descriptor] {
        layers.filter {
            $0.annotations?["in-toto.io/predicate-type"]?.hasPrefix(predicateType) == true && $0.size <= Self.limit
        }
    }

    /// Of a statement, in bytes: SBOMs of large images have some MB.
    static let limit: UInt64 = 64 << 20
}

extension ContentStore {
    /// Statements about an image with a predicate of this type, in order. Those that were not fetched with the image
    /// have no bytes.
    /// - Throws: `ManifestError`, `FileError`.
    public func attestations(of image: Image, predicateType: String) throws -> [Attestation] {
        guard let root = try descriptor(named: image.name), case .index(let index)? = try document(root) else {
            return []
        }
        return try index.attestations(of: image.digest).flatMap { entry -> [Attestation] in
            guard let bytes = try blob(entry.digest, limit: ManifestDocument.largestSize) else {
                return [Attestation(digest: entry.digest, bytes: nil)]
            }
            return try AttestationManifest(parsing: bytes).statements(predicateType).map {
                Attestation(digest: $0.digest, bytes: try blob($0.digest, limit: AttestationManifest.limit))
            }
        }
    }
}
