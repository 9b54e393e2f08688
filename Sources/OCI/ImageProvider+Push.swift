extension ImageProvider {
    /// Sends an image of the store to a registry. An index goes whole when the store has every platform of it; else
    /// only the image for this platform.
    /// - Parameters:
    ///   - name: what the store calls it.
    ///   - target: where it goes; the same name when nil.
    /// - Returns: the digest that the registry knows it by.
    /// - Throws: `ImageError`.
    public func push(_ name: String, to target: String? = nil) async throws -> Digest {
        let reference = try ImageReference(target ?? name)
        return try await ImageError.context("pushing '\(name)' to '\(reference)'") {
            guard !reference.isLocal else {
                throw ImageError(
                    "'\(reference.name)' is not a name in a registry\n  hint: give it one with --remote-name")
            }
            guard let root = store.descriptor(named: name) else {
                throw ImageError("it is not in the store '\(store.path)'\n  hint: 'moby cache ls' lists what is")
            }
            let (documents, blobs) = try closure(of: root)
            let client = try puller.client()
            let endpoint = client.origin(of: reference.registry)
            for blob in blobs { try await client.push(blob, to: reference.repository, at: endpoint, from: store) }
            for document in documents.dropLast() {
                try await client.push(
                    document, as: document.digest.description, to: reference.repository, at: endpoint, from: store)
            }
            let top = documents[documents.count - 1]
            let tag = reference.effectiveTag ?? top.digest.description
            try await client.push(top, as: tag, to: reference.repository, at: endpoint, from: store)
            return top.digest
        }
    }

    /// Documents, the top one last, and the blobs that they name.
    private func closure(of root: Descriptor) throws -> (documents: [Descriptor], blobs: [Descriptor]) {
        let all = store.closure(of: root)
        if all.missing.isEmpty { return (all.documents.reversed(), all.blobs) }
        guard let (descriptor, manifest, _) = try store.manifest(below: root, platform: options.platform) else {
            throw ContentError.missing(root.digest)
        }
        let blobs = [manifest.config] + manifest.layers
        if let gone = blobs.first(where: { !store.has($0) }) { throw ContentError.missing(gone.digest) }
        return ([descriptor], blobs)
    }
}
