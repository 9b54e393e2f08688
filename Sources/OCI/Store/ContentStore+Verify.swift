internal import Extents
internal import Glibc

extension ContentStore {
    /// What a check of every file found.
    public struct Verification: Sendable {
        /// Files whose bytes are not what their names say, as paths in the store.
        public var damaged: [String] = []
        /// Names with what they need but the store has not. Other platforms of an index that was pulled for one are not counted.
        public var incomplete: [(name: String, missing: [Digest])] = []
        /// Bytes read.
        public var bytes: UInt64 = 0

        public var isWhole: Bool { damaged.isEmpty && incomplete.isEmpty }
    }

    /// Reads everything and compares it with its digest.
    /// - Parameter repair: removes damaged files; they are fetched or made again when they are next needed.
    /// - Throws: `FileError`.
    public func verify(repair: Bool = false) throws -> Verification {
        var result = Verification()
        for folder in ["blobs/sha256", "layers"] {
            for name in SmallFile.names(in: "\(path)/\(folder)")
            where !name.hasSuffix(Self.sizeSuffix) {
                let file = "\(path)/\(folder)/\(name)"
                let hash = SHA256()
                do {
                    try SmallFile.stream(file) { bytes in
                        hash.update(bytes)
                        result.bytes += UInt64(bytes.count)
                    }
                } catch let error as FileError where error.code == ENOENT {
                    continue
                }
                guard hash.finalize() != name else { continue }
                result.damaged.append("\(folder)/\(name)")
                if repair, unlink(file) != 0, errno != ENOENT { throw FileError("remove", file) }
            }
        }
        for entry in entries() {
            let missing = missing(below: entry.descriptor)
            if !missing.isEmpty { result.incomplete.append((entry.name, missing)) }
        }
        return result
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
