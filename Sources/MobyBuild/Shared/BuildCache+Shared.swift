internal import Archive
internal import Extents
internal import Glibc
internal import OCI

/// Entries that come from other machines, and go there.
extension BuildCache {
    /// Runs work again after it lacked something that a registry may have, until it lacks nothing.
    func supplied<Value>(_ work: () async throws -> Value) async throws -> Value {
        guard let shared else { return try await work() }
        while true {
            do { return try await work() } catch let wanted as Wanted { try await shared.get(wanted, into: self) }
        }
    }

    /// Gets entries before work asks for each of them.
    func prefetch(_ keys: [CacheKey]) async throws { try await shared?.get(keys, into: self) }

    /// Gets layers of images before work asks for those of each.
    func prefetchLayers(of images: [Image]) async throws { try await shared?.getLayers(of: images) }

    /// Whether there is an entry, as far as its record says.
    func has(_ key: CacheKey) throws -> Bool {
        guard let record = try record(of: key) else { return false }
        return try HostFiles.size(path(key)) == record.size
    }

    /// The most bytes that a list of names may have.
    private static let largestNames: UInt64 = 256 << 20

    /// Puts blobs of the store in the place of an entry's files.
    /// - Parameters:
    ///   - blobs: the bytes, and the names at the root where it has any.
    ///   - isMoved: whether the store did not have the bytes before.
    /// - Throws: ``SharedEntry/Refusal`` for names that cannot be read.
    func install(_ key: CacheKey, _ entry: SharedEntry, _ blobs: [Descriptor], isMoved: Bool) throws {
        var names: [UInt8]?
        if blobs.count == 2 {
            names = try store.blob(blobs[1].digest, limit: Self.largestNames)
            guard let names, RootListing(text: names) != nil else {
                throw SharedEntry.Refusal(reason: "its list of names cannot be read")
            }
        }
        var record = SegmentRecord(key: key.description)
        (record.size, record.sha256) = (blobs[0].size, blobs[0].digest.hex)
        (record.unpacked, record.entries) = (entry.unpacked, entry.entries)
        record.lostAttributes = entry.lostAttributes
        try store(key, record: record, names: names, blob: blobs[0].digest, isMoved: isMoved)
    }

    /// An entry as others get it; nil when it is not in the cache, or was made before it had what it must have.
    func shared(_ key: CacheKey) throws -> (entry: SharedEntry, files: [String])? {
        guard let record = try record(of: key), try HostFiles.size(path(key)) == record.size, !record.sha256.isEmpty
        else { return nil }
        var entry = SharedEntry(key: key, parts: [.init(sha256: record.sha256, size: record.size)])
        (entry.unpacked, entry.entries) = (record.unpacked, record.entries)
        entry.lostAttributes = record.lostAttributes
        var files = [path(key)]
        if let size = try HostFiles.size(path(key) + ".names") {
            entry.parts.append(.init(sha256: try HostFiles.sha256(path(key) + ".names").hex, size: size))
            files.append(path(key) + ".names")
        }
        return (entry, files)
    }
}

extension ImageSet {
    /// Asks for the layers of images that were found without them.
    func requireLayers(of images: some Sequence<Image>) throws {
        guard cache.shared?.isLazy == true else { return }
        for image in images where try store.lacksLayers(of: image) { throw Wanted.layers(image) }
    }
}
