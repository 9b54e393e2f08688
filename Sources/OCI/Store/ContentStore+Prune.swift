internal import Extents
internal import Glibc
internal import Progress

extension ContentStore {
    /// What was removed.
    public struct Pruned: Sendable, Equatable {
        /// Number of images that lost their names.
        public var images = 0
        /// Number of files.
        public var files = 0
        /// Their size in bytes.
        public var bytes: UInt64 = 0
        /// Whether another process used the store, so that all that was used in the last day stayed.
        public var isShared = false
    }

    /// Removes blobs and layers that no name leads to, segments, and remains of interrupted writes.
    ///
    /// A file is only removed when it was last used before `date`, and, while another process uses the store, not in
    /// the last day: the images that it is fetching have no name yet.
    /// - Parameters:
    ///   - date: seconds since 1970.
    ///   - dryRun: only looks for what would be removed.
    /// - Throws: `StoreError` when a name or what it leads to is damaged, since then the files in use are unknown;
    ///   `FileError`.
    public func prune(notUsedSince date: Int64, dryRun: Bool = false) throws -> Pruned {
        if !dryRun { try folder.adopt() }
        return try progress.during(.prune, "the store", unit: .items) {
            try prune(notUsedSince: date, dryRun: dryRun, $0)
        }
    }

    private func prune(notUsedSince date: Int64, dryRun: Bool, _ step: Step) throws -> Pruned {
        try folder.alone { isAlone in
            let used = try used()
            let date = isAlone ? date : min(date, Int64(time(nil)) - Self.day)
            var pruned = Pruned()
            pruned.isShared = try !isAlone && HostFiles.isTaken("\(root)/\(StoreFolder.markName)")
            for folder in ["blobs/sha256", "layers"] {
                for name in try FolderTree.names(in: "\(root)/\(folder)")
                where name.utf8.count == 64 && StoreNames.isOwn(name, in: folder) && !used.contains(name) {
                    try remove([name, name + Self.sizeSuffix], in: folder, notUsedSince: date, dryRun, &pruned)
                }
            }
            // Segments are never named: they are made again from layers, so age alone decides, of all files of one
            // together.
            let segments = try FolderTree.names(in: "\(root)/segments").filter { StoreNames.isOwn($0, in: "segments") }
            for (_, files) in Dictionary(grouping: segments, by: { String($0.prefix(64)) }).sorted(by: {
                $0.key < $1.key
            }) {
                // The record first: without it there is no segment.
                try remove(
                    files.sorted { $0.hasSuffix(".json") && !$1.hasSuffix(".json") }, in: "segments",
                    notUsedSince: date, dryRun, &pruned)
            }
            for name in try FolderTree.names(in: "\(root)/tmp") where StoreNames.isOwn(name, in: "tmp") {
                try remove([name], in: "tmp", notUsedSince: date, dryRun, &pruned)
            }
            step.add(pruned.files)
            return pruned
        }
    }

    /// Digests, in hexadecimal, of everything that names lead to.
    private func used() throws -> Set<String> {
        var damaged = try damagedReferences()
        var used: Set<String> = []
        for entry in try entries() {
            let closure = try closure(of: entry.descriptor)
            damaged += closure.unreadable.map { "blobs/sha256/\($0.digest.hex)" }
            used.formUnion((closure.documents + closure.blobs).map(\.digest.hex))
            used.formUnion(closure.diffIDs.map(\.hex))
        }
        guard damaged.isEmpty else { throw StoreError.unreadable(path, damaged) }
        return used
    }

    /// Removes the files of one thing, unless one of them was used.
    private func remove(
        _ names: [String], in folder: String, notUsedSince date: Int64, _ dryRun: Bool, _ pruned: inout Pruned
    ) throws {
        let files = try names.map { "\(root)/\(folder)/\($0)" }.compactMap { path in
            try HostFiles.status(path, followingLink: false).map { (path: path, info: $0) }
        }
        // The link with a layer's size is not read as a file is.
        let regular = files.filter { $0.info.st_mode & S_IFMT == S_IFREG }
        guard !regular.isEmpty, regular.allSatisfy({ max($0.info.st_atim.tv_sec, $0.info.st_mtim.tv_sec) < Int(date) })
        else { return }
        for (path, info) in files {
            if !dryRun, unlink(path) != 0, errno != ENOENT { throw FileError("remove", path) }
            if info.st_mode & S_IFMT != S_IFLNK {
                pruned.files += 1
                pruned.bytes += UInt64(info.st_size)
            }
        }
    }
}

extension ContentStore {
    /// Everything that a descriptor leads to, as far as the store has it.
    struct Closure {
        /// Indexes and manifests, each before what it names.
        var documents: [Descriptor] = []
        /// Configurations and layers.
        var blobs: [Descriptor] = []
        /// Diff IDs of the layers.
        var diffIDs: [Digest] = []
        /// Named, but missing or damaged.
        var missing: [Descriptor] = []
        /// Those of ``missing`` that exist, but are damaged: what they lead to is unknown.
        var unreadable: [Descriptor] = []
    }

    /// - Throws: `FileError` for a file that cannot be read: what it leads to must not be treated as unused.
    func closure(of root: Descriptor) throws -> Closure {
        var closure = Closure()
        var seen: Set<Digest> = []
        var rest = [root]
        while let descriptor = rest.popLast() {
            guard seen.insert(descriptor.digest).inserted else { continue }
            let document: ManifestDocument?
            do { document = try self.document(descriptor) } catch is ManifestError { document = nil }
            switch document {
            case .index(let index):
                closure.documents.append(descriptor)
                rest += index.manifests
            case .manifest(let manifest):
                closure.documents.append(descriptor)
                try add(manifest, to: &closure, &seen)
            case nil:
                closure.missing.append(descriptor)
                if try HostFiles.isTaken(blobPath(descriptor.digest)) { closure.unreadable.append(descriptor) }
            }
        }
        return closure
    }

    private func add(_ manifest: Manifest, to closure: inout Closure, _ seen: inout Set<Digest>) throws {
        for blob in [manifest.config] + manifest.layers where seen.insert(blob.digest).inserted {
            if try has(blob) { closure.blobs.append(blob) } else { closure.missing.append(blob) }
        }
        guard let bytes = try blob(manifest.config.digest) else {
            if try HostFiles.isTaken(blobPath(manifest.config.digest)) { closure.unreadable.append(manifest.config) }
            return
        }
        // An artifact other than an image has a configuration of its own kind, without diff IDs.
        guard let config = try? ImageConfig(parsing: bytes) else { return }
        closure.diffIDs += config.rootfs.diffIDs.compactMap { Digest($0) }
    }
}
