internal import Extents
internal import Glibc

extension ContentStore {
    /// What was removed.
    public struct Pruned: Sendable, Equatable {
        /// Number of files.
        public var files = 0
        /// Their size in bytes.
        public var bytes: UInt64 = 0
    }

    /// Removes blobs and layers that no name leads to, segments, and what is left of writes that never ended.
    ///
    /// A file is only removed when it was last used before `date`: what another process is just fetching has no name yet.
    /// - Parameter date: seconds since 1970.
    /// - Throws: `FileError`.
    public func prune(notUsedSince date: Int64) throws -> Pruned {
        var used: Set<String> = []
        for entry in entries() {
            let closure = closure(of: entry.descriptor)
            used.formUnion((closure.documents + closure.blobs).map(\.digest.hex))
            used.formUnion(closure.diffIDs.map(\.hex))
        }
        var pruned = Pruned()
        for folder in ["blobs/sha256", "layers", "segments", "tmp"] {
            // Segments are never named: they are made again from layers, so age alone decides.
            let keep = folder == "segments" || folder == "tmp" ? [] : used
            try remove(in: "\(path)/\(folder)", keeping: keep, notUsedSince: date, &pruned)
        }
        return pruned
    }

    private func remove(in folder: String, keeping used: Set<String>, notUsedSince date: Int64, _ pruned: inout Pruned) throws {
        for name in SmallFile.names(in: folder) where !used.contains(name) {
            let file = "\(folder)/\(name)"
            var info = stat()
            guard lstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { continue }
            guard max(info.st_atim.tv_sec, info.st_mtim.tv_sec) < Int(date) else { continue }
            guard unlink(file) == 0 || errno == ENOENT else { throw FileError("remove", file) }
            unlink(file + Self.sizeSuffix)
            pruned.files += 1
            pruned.bytes += UInt64(info.st_size)
        }
    }
}
