internal import Extents
internal import Progress

extension Puller {
    /// Fetches the SBOMs next to an image: small, and of use only to those who look. Without them the image is whole, so
    /// that an error is a warning.
    /// - Parameter documents: those on the way from the reference to the image.
    func fetchAttestations(
        _ documents: [RegistryClient.Fetched], _ repository: String, _ endpoints: [Endpoint]
    ) async {
        guard let image = documents.last?.descriptor.digest else { return }
        for case .index(let index) in documents.map(\.document) {
            for entry in index.attestations(of: image) {
                do { try await fetch(attestation: entry, repository, endpoints) } catch {
                    store.progress.warn("the attestations of '\(repository)' cannot be fetched: \(error)")
                }
            }
        }
    }

    private func fetch(attestation entry: Descriptor, _ repository: String, _ endpoints: [Endpoint]) async throws {
        let client = try client()
        let bytes: [UInt8]
        if let known = try store.blob(entry.digest, limit: ManifestDocument.largestSize) {
            bytes = known
        } else {
            bytes = try await client.document(entry, repository, from: endpoints)
            _ = try store.ingest(bytes)
        }
        for statement in try AttestationManifest(parsing: bytes).statements("https://spdx.dev/Document") {
            guard try !store.hasWhole(statement) else { continue }
            try await store.progress.during(.download, "the SBOM of \(repository)", total: statement.size) { step in
                try await client.fetch(statement, repository, from: endpoints, into: store, step)
            }
        }
    }
}
