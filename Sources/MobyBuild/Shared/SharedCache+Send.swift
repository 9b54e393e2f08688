internal import Extents
internal import Glibc
internal import OCI
internal import Progress
internal import Signatures

extension SharedCache {
    private static let width = 4

    /// Sends what this build used and the registry lacks.
    /// - Throws: `BuildError` with the registry and what it answered; nothing is lost but the other machines' time.
    public func send() async throws {
        guard let target else { return }
        let cache = BuildCache(store: store)
        let (keys, images) = used
        var wanted = keys
        for image in images { wanted += [.accounts(of: image), .packages(of: image)] }
        var seen: Set<String> = []
        var items = try wanted.filter { isSent($0) && seen.insert($0.hex).inserted }.compactMap { key in
            try cache.shared(key).map { Item(key: key, entry: $0.entry, files: $0.files) }
        }
        items += try images.filter { try isPackage($0) && seen.insert($0.name).inserted }.map(package)
        let total = items.reduce(0) { $0 + $1.entry.size }
        try await ContextError.wrapping("sending to the cache '\(target.name)'") { [items] in
            try await self.store.progress.during(.push, "the cache \(target.name)", total: total, isMajor: true) {
                step in
                try await self.send(items, to: target, step)
            }
        }
    }

    /// An entry and the files of its parts.
    private struct Item: Sendable {
        let key: CacheKey
        let entry: SharedEntry
        let files: [String]
    }

    private func isSent(_ key: CacheKey) -> Bool {
        switch key.sharing {
        case .everyone: true
        case .withFiles: options.sendsFiles
        case .none: false
        }
    }

    private func isPackage(_ image: Image) throws -> Bool {
        guard let reference = try? ImageReference(image.name), reference.isLocal else { return false }
        // What was found without its layers came from a cache.
        return try image.layers.allSatisfy { try store.has($0.digest, size: $0.size) }
    }

    private func package(_ image: Image) throws -> Item {
        let (manifest, configuration) = try store.documents(of: image)
        let reference = try ImageReference(image.name)
        let name = "\(reference.name):\(reference.effectiveTag ?? "")"
        let key = CacheKey.package(name, image.platform)
        let documents = [(image.digest, UInt64(manifest.count)), (image.contentID, UInt64(configuration.count))]
        let parts = documents + image.layers.map { ($0.digest, $0.size) }
        return Item(
            key: key, entry: SharedEntry(key: key, parts: parts.map { .init(sha256: $0.0.hex, size: $0.1) }),
            files: parts.map { store.blobPath($0.0) })
    }

    private func send(_ items: [Item], to target: ArtifactRepository, _ step: Step) async throws {
        var rest = items[...]
        try await withThrowingTaskGroup { group in
            for _ in 0..<Self.width {
                guard let item = rest.popFirst() else { break }
                group.addTask { try await self.send(item, to: target, step) }
            }
            while try await group.next() != nil {
                guard let item = rest.popFirst() else { continue }
                group.addTask { try await self.send(item, to: target, step) }
            }
        }
    }

    private func send(_ item: Item, to target: ArtifactRepository, _ step: Step) async throws {
        let tag = SharedEntry.tag(of: item.key)
        if let manifest = try await target.manifest(tag), isCurrent(manifest, item) {
            step.skip(item.entry.size)
            return count {
                $0.present += 1
                $0.presentBytes += item.entry.size
            }
        }
        let keyDigest = try store.ingest(Array(item.key.description.utf8))
        let manifest = try await item.entry.manifest(signature: signature(of: item.entry))
        let files = [store.blobPath(keyDigest)] + item.files
        for (blob, file) in zip([manifest.config] + manifest.layers, files) {
            // Some registries fail when the same blob comes twice at a time.
            try await blobs.run(blob.digest) {
                let what = "\(item.key.role.rawValue) \(tag.prefix(16))"
                let isSent = try await step.part(.push, what, total: blob.size) {
                    try await target.push(blob, file: file, $0)
                }
                if isSent { self.count { $0.sentBytes += blob.size } }
            }
        }
        let size = try await target.push(manifest, as: tag)
        count {
            $0.sent += 1
            $0.sentBytes += size
        }
    }

    /// Whether the registry's entry serves as well as this one. Bytes of the same key may differ where a rule is not
    /// deterministic; the first ones stay.
    private func isCurrent(_ manifest: Manifest, _ item: Item) -> Bool {
        guard (try? SharedEntry(manifest, for: item.key)) != nil else { return false }
        return options.signer == nil || manifest.annotations?[SharedEntry.signatureAnnotation] != nil
    }

    private func signature(of entry: SharedEntry) async throws -> String? {
        guard let signer = options.signer else { return nil }
        let statement = ImageSignature.statement(SharedEntry.digest(of: try entry.text()))
        let envelope = try await Envelope(statement, type: Envelope.statementType, by: signer)
        return SigstoreBundle.text(.envelope(envelope), key: signer.publicKey)
    }
}
