internal import Extents
internal import Glibc

extension ContentStore {
    /// What a check of every file found.
    public struct Verification: Sendable {
        /// Files whose bytes are not what their names say, as paths in the store.
        public var damaged: [String] = []
        /// Those of ``damaged`` that could not be removed: folders with something in them.
        public var stuck: [String] = []
        /// Names with what they need but the store has not. Other platforms of an index that was pulled for one are not
        /// counted.
        public var incomplete: [(name: String, missing: [Digest])] = []
        /// Bytes read.
        public var bytes: UInt64 = 0
        /// Digests of the damaged blobs and layers.
        public var digests: [Digest] = []

        public var isWhole: Bool { damaged.isEmpty && incomplete.isEmpty }
    }

    /// Reads everything and compares it with its digest. What is not moby's is passed over.
    /// - Parameter repair: removes damaged files; they are fetched or made again when they are next needed.
    /// - Throws: `FileError`.
    public func verify(repair: Bool = false) throws -> Verification {
        if repair { try folder.adopt() }
        var result = Verification()
        for folder in ["blobs/sha256", "layers"] {
            for name in try SmallFile.names(in: "\(root)/\(folder)")
            where name.utf8.count == 64 && StoreNames.isOwn(name, in: folder) {
                let hash = SHA256()
                do {
                    try SmallFile.stream("\(root)/\(folder)/\(name)") { bytes in
                        hash.update(bytes)
                        result.bytes += UInt64(bytes.count)
                    }
                    if hash.finalize() == name { continue }
                } catch let error as FileError where error.code == ENOENT {
                    continue
                } catch let error as FileError where error.code == EISDIR {}
                if let digest = Digest(sha256: name) { result.digests.append(digest) }
                try found("\(folder)/\(name)", repair, &result)
            }
        }
        for reference in try damagedReferences() { try found(reference, repair, &result) }
        if repair, !result.damaged.isEmpty {
            try prepare()
            try writeIndex()
        }
        for entry in try entries() {
            let missing = missing(below: entry.descriptor)
            if !missing.isEmpty { result.incomplete.append((entry.name, missing)) }
        }
        return result
    }

    private func found(_ name: String, _ repair: Bool, _ result: inout Verification) throws {
        result.damaged.append(name)
        if repair, try !Self.removeDamaged("\(root)/\(name)") { result.stuck.append(name) }
    }

    /// Removes a file of the store, or an empty folder in its place.
    /// - Returns: false for a folder that has something in it.
    /// - Throws: `FileError`.
    public static func removeDamaged(_ path: String) throws -> Bool {
        if unlink(path) == 0 || errno == ENOENT { return true }
        guard errno == EISDIR else { throw FileError("remove", path) }
        if rmdir(path) == 0 { return true }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw FileError("remove", path) }
        return false
    }

    /// An index needs at least one of its manifests, and each that is there needs all that it names.
    private func missing(below root: Descriptor) -> [Digest] {
        let closure = closure(of: root)
        let documents = Set(closure.documents.map(\.digest))
        guard case .index(let index) = try? document(root) else { return closure.missing.map(\.digest) }
        let hasOne = index.manifests.contains { documents.contains($0.digest) }
        let others = hasOne ? Set(index.manifests.map(\.digest)) : []
        return closure.missing.map(\.digest).filter { !others.contains($0) }
    }
}
