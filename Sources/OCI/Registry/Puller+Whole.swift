internal import Extents
internal import HTTP
internal import Progress

extension Puller {
    /// The most documents below one name: images of dozens of platforms, with attestations of each.
    private static var mostDocuments: Int { 256 }

    /// Pulls an index with all that it lists.
    func pullWhole(_ reference: ImageReference) async throws -> Descriptor {
        try await ContextError.wrapping("pulling '\(reference)' for all platforms") {
            let client = try self.client()
            let endpoints = client.endpoints(of: reference)
            let wanted = reference.digest?.description ?? reference.effectiveTag ?? "latest"
            let root = try await client.manifest(wanted, reference.repository, from: endpoints)
            let documents = try await self.documents(below: root, reference.repository, endpoints)
            var blobs: [NamedBlob] = []
            for case .manifest(let manifest) in documents.map(\.document) {
                blobs.append((manifest.config, "a configuration"))
                blobs += Self.named(manifest.layers)
            }
            try await self.fetch(blobs, reference, endpoints)
            // A document is there when everything below it is.
            for document in documents.reversed() { _ = try self.store.ingest(document.bytes) }
            try self.store.set(reference.description, to: root.descriptor)
            return root.descriptor
        }
    }

    /// All documents at and below one, each before those that it lists.
    private func documents(
        below root: RegistryClient.Fetched, _ repository: String, _ endpoints: [Endpoint]
    ) async throws -> [RegistryClient.Fetched] {
        var found = [root]
        var seen: Set = [root.descriptor.digest]
        var level = [root]
        for _ in 0...ContentStore.deepestIndex {
            var next: [RegistryClient.Fetched] = []
            for case .index(let index) in level.map(\.document) {
                for entry in index.manifests where seen.insert(entry.digest).inserted {
                    guard seen.count <= Self.mostDocuments else {
                        throw ImageError("it has more than \(Self.mostDocuments) images and documents about them")
                    }
                    next.append(try await document(entry, repository, endpoints))
                }
            }
            if next.isEmpty { return found }
            found += next
            level = next
        }
        throw ImageError("its indexes are nested more than \(ContentStore.deepestIndex) deep")
    }
}

extension ImageProvider {
    /// Pulls an image for several platforms.
    /// - Parameter platforms: all also brings the attestations in its index, and signatures and others that refer to it.
    /// - Returns: what its name means.
    /// - Throws: as ``image(_:)``.
    public func pull(_ name: String, for platforms: PlatformChoice) async throws -> Descriptor {
        let reference = try ImageReference(name)
        switch platforms {
        case .these(let platforms):
            for platform in platforms { _ = try await on(platform).image(name) }
        case .all:
            guard options.pull != .never, !reference.isLocal else {
                throw ImageError(
                    "image '\(reference)' cannot be pulled for all platforms: pulling is off",
                    hint: "leave out --offline")
            }
            let root = try await puller.pullWhole(reference)
            for document in try store.closure(of: root).documents {
                try await fetchCompanions(of: document.digest, in: reference)
            }
            for platform in try store.platforms(of: root) {
                guard let image = try store.image(root, name: reference.description, platform: platform) else {
                    continue
                }
                try await options.admit?(image, self)
            }
        }
        guard let root = try store.descriptor(named: name) else {
            throw ImageError("image '\(reference)' is not in the store")
        }
        return root
    }
}
