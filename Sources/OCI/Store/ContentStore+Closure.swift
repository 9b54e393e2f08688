extension ContentStore {
    /// All that a descriptor leads to, as far as it is in the store.
    struct Closure {
        /// Indexes and manifests, each before what it names.
        var documents: [Descriptor] = []
        /// Configurations and layers.
        var blobs: [Descriptor] = []
        /// Diff IDs of the layers.
        var diffIDs: [Digest] = []
        /// What is named but not there, or damaged.
        var missing: [Descriptor] = []
        /// Those of ``missing`` that are there, but cannot be read: what they lead to is not known.
        var unreadable: [Descriptor] = []
    }

    func closure(of root: Descriptor) -> Closure {
        var closure = Closure()
        var seen: Set<Digest> = []
        var rest = [root]
        while let descriptor = rest.popLast() {
            guard seen.insert(descriptor.digest).inserted else { continue }
            switch try? document(descriptor) {
            case .index(let index):
                closure.documents.append(descriptor)
                rest += index.manifests
            case .manifest(let manifest):
                closure.documents.append(descriptor)
                add(manifest, to: &closure, &seen)
            case nil:
                closure.missing.append(descriptor)
                if SmallFile.exists(blobPath(descriptor.digest)) { closure.unreadable.append(descriptor) }
            }
        }
        return closure
    }

    private func add(_ manifest: Manifest, to closure: inout Closure, _ seen: inout Set<Digest>) {
        for blob in [manifest.config] + manifest.layers where seen.insert(blob.digest).inserted {
            if has(blob) { closure.blobs.append(blob) } else { closure.missing.append(blob) }
        }
        guard let bytes = blob(manifest.config.digest), let config = try? ImageConfig(parsing: bytes) else {
            // An artifact that is no image has a configuration of its own kind.
            if blob(manifest.config.digest) == nil, SmallFile.exists(blobPath(manifest.config.digest)) {
                closure.unreadable.append(manifest.config)
            }
            return
        }
        closure.diffIDs += config.rootfs.diffIDs.compactMap { Digest($0) }
    }
}
