internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import Progress

extension ContentStore {
    /// The result of a check of every file.
    public struct Verification: Sendable {
        /// Files that do not have the bytes that their names promise, as paths in the store.
        public var damaged: [String] = []
        /// Those of ``damaged`` that could not be removed: folders with something in them.
        public var stuck: [String] = []
        /// Names with digests that they need and the store lacks. Other platforms of an index that was pulled for one
        /// do not count.
        public var incomplete: [(name: String, missing: [Digest])] = []
        /// Bytes read.
        public var bytes: UInt64 = 0
        /// Digests of the damaged blobs and layers.
        public var digests: [Digest] = []

        public var isWhole: Bool { damaged.isEmpty && incomplete.isEmpty }
    }

    /// Reads everything and compares it with its digest. Files that are not moby's are skipped.
    /// - Parameter repair: removes damaged files; they are fetched or made again when they are next needed.
    /// - Throws: `FileError`.
    public func verify(repair: Bool = false) throws -> Verification {
        var result = Verification()
        if try folder.hasDamagedMark() {
            result.damaged.append(StoreFolder.markName)
            if repair { try folder.replaceMark() }
        }
        if repair { try folder.adopt() }
        let files = try ["blobs/sha256", "layers"].flatMap { folder in
            try FolderTree.names(in: "\(root)/\(folder)").filter {
                $0.utf8.count == 64 && StoreNames.isOwn($0, in: folder)
            }.map { (folder, $0) }
        }
        let size = try files.reduce(0) { $0 + (try HostFiles.size("\(root)/\($1.0)/\($1.1)") ?? 0) }
        try progress.during(.verify, "blobs and layers", total: size) { step in
            for (folder, name) in files where try !isWhole(folder, name, step, &result) {
                if let digest = Digest(sha256: name) { result.digests.append(digest) }
                try found("\(folder)/\(name)", repair, &result)
            }
        }
        let references = try damagedReferences()
        // The index has no damaged references, so it is compared only without them.
        for file in references + (try damagedTopFiles(hasIndex: references.isEmpty)) {
            try found(file, repair, &result)
        }
        if repair, !result.damaged.isEmpty {
            try prepare()
            try writeIndex()
        }
        for entry in try entries() {
            let absent = try absentLayers(of: entry.descriptor)
            let missing = try missing(below: entry.descriptor).filter { !absent.contains($0) }
            if !missing.isEmpty { result.incomplete.append((entry.name, missing)) }
        }
        return result
    }

    /// - Returns: true also for a file that was removed meanwhile.
    private func isWhole(_ folder: String, _ name: String, _ step: Step, _ result: inout Verification) throws -> Bool {
        let hash = SHA256()
        do {
            try HostFiles.stream("\(root)/\(folder)/\(name)") { bytes in
                hash.update(bytes)
                result.bytes += UInt64(bytes.count)
                step.add(bytes.count)
            }
            return hash.finalize().hex == name
        } catch let error as FileError where error.code == ENOENT {
            return true
        } catch let error as FileError where error.code == EISDIR {
            return false
        }
    }

    private func found(_ name: String, _ repair: Bool, _ result: inout Verification) throws {
        result.damaged.append(name)
        if repair, try !Self.removeDamaged("\(root)/\(name)") { result.stuck.append(name) }
    }

    /// `oci-layout` and `index.json`, where they exist and are not what moby writes.
    private func damagedTopFiles(hasIndex: Bool) throws -> [String] {
        var damaged: [String] = []
        if let bytes = try HostFiles.readIfFit("\(root)/oci-layout", limit: 4096), bytes != ImageLayout.marker {
            damaged.append("oci-layout")
        }
        guard hasIndex, let bytes = try HostFiles.readIfFit("\(root)/index.json", limit: 64 << 20) else {
            return damaged
        }
        let expected = Set(try entries().map(\.descriptor))
        let index = try? JSONDecoder().decode(ImageIndex.self, from: Data(bytes))
        // One that is behind is whole, and is written again with the next name.
        return index.map { Set($0.manifests) } == expected || index != nil && isIndexBehind
            ? damaged : damaged + ["index.json"]
    }

    /// Removes a file of the store, or an empty folder with its name.
    /// - Returns: false for a folder that has something in it.
    /// - Throws: `FileError`.
    public static func removeDamaged(_ path: String) throws -> Bool {
        if unlink(path) == 0 || errno == ENOENT { return true }
        guard errno == EISDIR else { throw FileError("remove", path) }
        if rmdir(path) == 0 { return true }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw FileError("remove", path) }
        return false
    }

    /// An index needs at least one of its manifests, and each of those needs everything that it names.
    private func missing(below root: Descriptor) throws -> [Digest] {
        let closure = try closure(of: root)
        let documents = Set(closure.documents.map(\.digest))
        guard documents.contains(root.digest), case .index(let index)? = try document(root) else {
            return closure.missing.map(\.digest)
        }
        let hasOne = index.manifests.contains { documents.contains($0.digest) }
        let others = hasOne ? Set(index.manifests.map(\.digest)) : []
        return closure.missing.map(\.digest).filter { !others.contains($0) }
    }
}
