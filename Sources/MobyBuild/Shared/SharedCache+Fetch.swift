internal import Extents
public import OCI
internal import Progress
internal import Signatures

extension SharedCache {
    /// The longest that a registry may take to say whether it has an entry.
    private static let lookupLimit = Duration.seconds(20)
    /// A registry that sends less than this many bytes in a second is given up.
    private static let leastSpeed: UInt64 = 64 << 10

    /// Fetches an entry into the build's cache.
    /// - Returns: false when the registry does not have it.
    func install(_ key: CacheKey, from source: Source, into cache: BuildCache) async throws -> Bool {
        guard let (entry, manifest) = try await entry(key, from: source) else { return false }
        guard entry.parts.count <= 2 else { throw SharedEntry.Refusal(reason: "it has \(entry.parts.count) layers") }
        let what = "\(key.role.rawValue) \(Self.short(key)) from \(source.repository.name)"
        let bytes = manifest.layers[0]
        let work: @Sendable () async throws -> Void = {
            let isNew = try !self.store.has(bytes.digest, size: bytes.size)
            for layer in manifest.layers { try await self.fetch(layer, what, from: source) }
            try cache.install(key, entry, manifest.layers, isMoved: isNew)
        }
        // Entries with the same bytes, such as those of images without packages, one after the other: each moves them.
        while try await !blobs.run(bytes.digest, work) {}
        count { $0.received += entry.size }
        return true
    }

    private static func short(_ key: CacheKey) -> String { String(key.hex.prefix(12)) }

    /// The record of a key, by the policy's leave.
    func entry(_ key: CacheKey, from source: Source) async throws -> (SharedEntry, Manifest)? {
        let tag = SharedEntry.tag(of: key)
        let found = try await within(Self.lookupLimit) { try await source.repository.manifest(tag) }
        guard let found else { return nil }
        let entry = try SharedEntry(found, for: key)
        if let policy = source.policy {
            let text = found.annotations?[SharedEntry.annotation] ?? ""
            if let problem = policy.problem(
                ofCache: source.repository.name, digest: SharedEntry.digest(of: text),
                signature: found.annotations?[SharedEntry.signatureAnnotation])
            {
                throw SharedEntry.Refusal(reason: problem)
            }
        }
        return (entry, found)
    }

    private func fetch(_ blob: Descriptor, _ what: String, from source: Source) async throws {
        let limit = Self.lookupLimit + .seconds(Int64(blob.size / Self.leastSpeed))
        try await store.progress.during(.download, what, total: blob.size) { step in
            try await within(limit) { try await source.repository.fetch(blob, step) }
        }
    }

    /// Work that a slow server must not delay for ever.
    private func within<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value)
        async throws -> Value
    {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { .some(try await work()) }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else {
                throw BuildError("no answer within \(limit.components.seconds) s")
            }
            return value
        }
    }
}

/// Images of packages.
extension SharedCache {
    /// The image of a package's reference, from a shared cache.
    /// - Parameter lazily: without its layers.
    /// - Returns: nil when no cache has it.
    public func package(_ reference: String, _ platform: Platform, lazily: Bool) async throws -> Image? {
        guard isLazy else { return nil }
        if lazily, let image = try store.image(named: reference, platform: platform, lazily: true) { return image }
        let key = CacheKey.package(reference, platform)
        guard mayHave(key) else { return nil }
        let isFound = try await firstSource(for: key) { source in
            guard let (entry, manifest) = try await self.entry(key, from: source) else { return false }
            guard entry.parts.count >= 2 else { throw SharedEntry.Refusal(reason: "it is not an image") }
            let what = "\(reference) from \(source.repository.name)"
            for blob in manifest.layers.prefix(2) { try await self.fetch(blob, what, from: source) }
            let documents = try manifest.layers.prefix(2).map { blob in
                guard let bytes = try self.store.blob(blob.digest) else { throw ContentError.missing(blob.digest) }
                return bytes
            }
            let image: Image
            do {
                image = try self.store.add(
                    name: reference, platform: platform, manifest: documents[0], configuration: documents[1])
            } catch let error as ManifestError { throw SharedEntry.Refusal(reason: "\(error)") }
            let layers = manifest.layers.dropFirst(2).map(\.digest.hex)
            guard image.layers.map(\.digest.hex) == layers else {
                _ = try self.store.remove(reference)
                throw SharedEntry.Refusal(reason: "its layers are not those of the image")
            }
            self.count { $0.received += manifest.layers.prefix(2).reduce(0) { $0 + $1.size } }
            return true
        }
        count { if isFound { $0.found += 1 } else { $0.missing += 1 } }
        guard isFound, let image = try store.image(named: reference, platform: platform, lazily: true) else {
            return nil
        }
        if !lazily { try await getPackageLayers(of: image) }
        return image
    }

    /// Without its layers, a package is made again: the name goes, and the build starts again.
    func getPackageLayers(of image: Image) async throws {
        let key = CacheKey.package(image.name, image.platform)
        let size = image.compressedSize
        let isDone = try await firstSource(for: key) { source in
            try await source.repository.fetchLayers(of: image)
            return true
        }
        guard !isDone else { return count { $0.received += size } }
        giveUp(key)
        _ = try store.remove(image.name)
        store.note(damaged: "refs of '\(image.name)'")
        throw BuildError(
            "the layers of image '\(image.name)' are in no cache",
            hint: "build it with 'moby pkg build', or again without --cache-from")
    }
}
