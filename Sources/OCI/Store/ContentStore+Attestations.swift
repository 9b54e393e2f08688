internal import Extents
internal import FoundationEssentials

/// Documents about an image: next to it in its index, as BuildKit writes them (BuildKit, attestation-storage.md), or
/// attached to it in its repository, as cosign does (cosign, specs/ATTESTATION_SPEC.md).
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
        layers.filter { layer in
            let type = Self.typeKeys.lazy.compactMap { layer.annotations?[$0] }.first
            return type?.hasPrefix(predicateType) == true && layer.size <= Self.limit
        }
    }

    /// BuildKit's annotation, and cosign's.
    private static let typeKeys = ["in-toto.io/predicate-type", "predicateType"]

    /// Of a statement, in bytes: SBOMs of large images have some MB.
    static let limit: UInt64 = 64 << 20
}

extension ContentStore {
    /// Statements about an image with a predicate of this type, in order. Those that were not fetched with the image
    /// have no bytes.
    /// - Throws: `ManifestError`, `FileError`.
    public func attestations(of image: Image, predicateType: String) throws -> [Attestation] {
        guard let root = try descriptor(named: image.name) else { return [] }
        var manifests: [Descriptor] = []
        if case .index(let index)? = try document(root) { manifests = index.attestations(of: image.digest) }
        manifests += try attached(to: image, root.digest)
        var seen: Set<Digest> = []
        return try manifests.filter { seen.insert($0.digest).inserted }.flatMap { entry -> [Attestation] in
            guard let bytes = try blob(entry.digest, limit: ManifestDocument.largestSize) else {
                return [Attestation(digest: entry.digest, bytes: nil)]
            }
            return try AttestationManifest(parsing: bytes).statements(predicateType).map(statement)
        }
    }

    /// Manifests of what was attached to an image, or to its index, and fetched with it.
    private func attached(to image: Image, _ root: Digest) throws -> [Descriptor] {
        guard let reference = try? ImageReference(image.name) else { return [] }
        return try [image.digest, root].flatMap { digest -> [Descriptor] in
            let names = ["sha256-\(digest.hex).att", ImageProvider.referrersTag(digest)]
            return try names.compactMap { try descriptor(named: "\(reference.name):\($0)") }.flatMap { found in
                guard case .index(let index)? = try document(found) else { return [found] }
                return index.manifests
            }
        }
    }

    private func statement(_ layer: Descriptor) throws -> Attestation {
        let bytes = try blob(layer.digest, limit: AttestationManifest.limit)
        guard layer.mediaType == Self.envelope else { return Attestation(digest: layer.digest, bytes: bytes) }
        struct Envelope: Decodable { let payload: Data }
        let payload = try bytes.map { bytes in
            try ManifestError.decoding("an attestation") {
                Array(try JSONDecoder().decode(Envelope.self, from: Data(bytes)).payload)
            }
        }
        return Attestation(digest: layer.digest, bytes: payload)
    }

    /// DSSE: a statement with signatures.
    private static let envelope = "application/vnd.dsse.envelope.v1+json"
}
