internal import Extents
internal import Progress

extension ImageProvider {
    /// Sends an image of the store to a registry, with the signatures and attestations that the store has of it. An
    /// index goes whole when the store has every platform of it; else only the image for this platform.
    /// - Parameters:
    ///   - name: what the store calls it.
    ///   - target: where it goes; the same name when nil.
    /// - Returns: the digest that the registry knows it by.
    /// - Throws: `ImageError`.
    public func push(_ name: String, to target: String? = nil) async throws -> Digest {
        let reference = try ImageReference(target ?? name)
        return try await ContextError.wrapping("pushing '\(name)' to '\(reference)'") {
            guard !reference.isLocal else {
                throw ImageError(
                    "'\(reference.name)' is a local name, not one of a registry",
                    hint: "name the target with --remote-name")
            }
            guard let root = try store.descriptor(named: name) else {
                throw ImageError("not in the store '\(store.path)'", hint: "'moby cache ls' lists its images")
            }
            let (documents, blobs) = try closure(of: root)
            let top = documents[documents.count - 1]
            if top.digest != root.digest {
                store.progress.note(
                    "pushing '\(name)' for \(options.platform) only; the store does not have the other platforms")
            }
            try await send(documents, blobs, to: reference, tag: reference.effectiveTag ?? top.digest.description)
            try await sendCompanions(of: documents, in: try? ImageReference(name), to: reference)
            return top.digest
        }
    }

    private func send(_ documents: [Descriptor], _ blobs: [Descriptor], to reference: ImageReference, tag: String)
        async throws
    {
        let client = try puller.client()
        let endpoint = client.origin(of: reference.registry)
        let sources = try store.repositories(of: reference.registry, but: reference.repository)
        let size = blobs.reduce(0) { $0 + $1.size }
        try await store.progress.during(.push, reference.description, total: size, isMajor: true) { step in
            for (number, blob) in blobs.enumerated() {
                try await step.part(.push, "blob \(number + 1) of \(blobs.count)", total: blob.size) {
                    try await client.push(
                        blob, to: reference.repository, at: endpoint, from: store, mountedFrom: sources[blob.digest],
                        $0)
                }
            }
        }
        for (number, document) in documents.enumerated() {
            let name = number == documents.count - 1 ? tag : document.digest.description
            try await client.push(document, as: name, to: reference.repository, at: endpoint, from: store)
        }
    }

    /// Signatures and the like that were fetched with an image, under the tags that they have in its repository.
    private func sendCompanions(of documents: [Descriptor], in source: ImageReference?, to reference: ImageReference)
        async throws
    {
        guard let source else { return }
        for subject in documents {
            for tag in Self.companionTags(subject.digest) {
                guard let root = try store.descriptor(named: "\(source.name):\(tag)") else { continue }
                let all = try store.closure(of: root)
                if let gone = all.missing.first { throw ContentError.missing(gone.digest) }
                guard tag == Self.referrersTag(subject.digest), case .index(let list)? = try store.document(root) else {
                    try await send(all.documents.reversed(), all.blobs, to: reference, tag: tag)
                    continue
                }
                for entry in list.manifests { try await send(referrer: entry, of: subject.digest, to: reference) }
            }
        }
    }

    private func send(referrer entry: Descriptor, of subject: Digest, to reference: ImageReference) async throws {
        let client = try puller.client()
        let endpoint = client.origin(of: reference.registry)
        let all = try store.closure(of: entry)
        try await store.progress.during(
            .push, "what refers to \(reference)", total: all.blobs.reduce(0) { $0 + $1.size }
        ) { step in
            for blob in all.blobs {
                try await client.push(blob, to: reference.repository, at: endpoint, from: store, step)
            }
        }
        let knowsReferrers = try await client.push(
            entry, as: entry.digest.description, to: reference.repository, at: endpoint, from: store)
        if !knowsReferrers { try await list(entry, of: subject, in: reference, endpoint) }
    }

    /// Documents, the top one last, and the blobs that they name.
    private func closure(of root: Descriptor) throws -> (documents: [Descriptor], blobs: [Descriptor]) {
        let all = try store.closure(of: root)
        if all.missing.isEmpty { return (all.documents.reversed(), all.blobs) }
        guard let (descriptor, manifest, _) = try store.manifest(below: root, platform: options.platform) else {
            throw ContentError.missing(root.digest)
        }
        let blobs = [manifest.config] + manifest.layers
        if let gone = try blobs.first(where: { try !store.has($0) }) { throw ContentError.missing(gone.digest) }
        return ([descriptor], blobs)
    }
}

extension ContentStore {
    /// Which other repository of a registry has a blob, as far as the names of the store say.
    fileprivate func repositories(of registry: String, but repository: String) throws -> [Digest: String] {
        var found: [Digest: String] = [:]
        for entry in try entries() {
            guard let reference = try? ImageReference(entry.name), reference.registry == registry,
                reference.repository != repository, !reference.isLocal
            else { continue }
            for blob in try closure(of: entry.descriptor).blobs { found[blob.digest] = reference.repository }
        }
        return found
    }
}
