internal import Extents
internal import Glibc

extension ContentStore {
    /// Forgets images that were last used before `date` (seconds since 1970); ``prune(notUsedSince:dryRun:)`` then
    /// removes their content. While another process uses the store, those of the last day stay.
    /// - Returns: their names.
    /// - Throws: `FileError`; `StoreError`.
    public func forget(notUsedSince date: Int64, dryRun: Bool = false) throws -> [String] {
        if !dryRun { try folder.adopt() }
        return try folder.alone { isAlone in
            let date = isAlone ? date : min(date, Int64(time(nil)) - Self.day)
            let names = try entries().map(\.name).filter { name in lastUse(ofImage: name).map { $0 < date } ?? false }
            if !dryRun { for name in names { _ = try remove(name) } }
            return names
        }
    }

    /// Removes what was least recently used until the files of the store have at most `limit` bytes: segments,
    /// unpacked layers and Debian packages, which are made or fetched again when they are needed, and images, each with
    /// the content that no other image has. While another process uses the store, what was used in the last day stays.
    /// - Throws: `StoreError` when a name or what it leads to is damaged; `FileError`.
    public func shrink(to limit: UInt64, dryRun: Bool = false) throws -> Pruned {
        if !dryRun { try folder.adopt() }
        return try folder.alone { isAlone in
            var pruned = Pruned()
            pruned.isShared = try !isAlone && HostFiles.isTaken("\(root)/\(StoreFolder.markName)")
            let newest = isAlone ? Int64.max : Int64(time(nil)) - Self.day
            let total = try contents().bytes
            guard total > limit else { return pruned }
            var eviction = Eviction(store: self, isDry: dryRun, images: try evictableImages())
            let units = try evictableFiles() + eviction.images.keys.map { EvictableUnit.image($0) }
            let dated = units.map { (unit: $0, use: lastUse(of: $0)) }.filter { $0.use < newest }
            for (unit, _) in dated.sorted(by: { ($0.use, $0.unit.name) < ($1.use, $1.unit.name) })
            where total - eviction.pruned.bytes > limit { try eviction.remove(unit) }
            if !dryRun, eviction.pruned.images > 0 { try writeIndex() }
            eviction.pruned.isShared = pruned.isShared
            return eviction.pruned
        }
    }

    static var day: Int64 { 86400 }

    /// When a build last used an image (seconds since 1970); nil without such a name.
    private func lastUse(ofImage name: String) -> Int64? {
        var info = stat()
        return lstat("\(root)/refs/\(Self.fileName(of: name))", &info) == 0 ? Int64(info.st_mtim.tv_sec) : nil
    }

    private func lastUse(of unit: EvictableUnit) -> Int64 {
        switch unit {
        case .image(let name): lastUse(ofImage: name) ?? 0
        case .files(let files): files.compactMap(Self.lastUse(ofFile:)).max() ?? 0
        }
    }

    private static func lastUse(ofFile path: String) -> Int64? {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(max(info.st_atim.tv_sec, info.st_mtim.tv_sec))
    }

    /// Files that are made or fetched again, those of one thing together.
    private func evictableFiles() throws -> [EvictableUnit] {
        try ["segments", "layers", "debs"].flatMap { folder in
            // A folder of downloads belongs to a process, or goes with the next download.
            let names = try FolderTree.names(in: "\(root)/\(folder)").filter {
                StoreNames.isOwn($0, in: folder) && !$0.hasPrefix(StoreNames.download)
            }
            // The record of a segment first: without it there is no segment.
            let sorted = names.filter { $0.hasSuffix(".json") } + names.filter { !$0.hasSuffix(".json") }
            return Dictionary(grouping: sorted, by: { $0.prefix(64) }).values.map { names in
                EvictableUnit.files(names.map { "\(root)/\(folder)/\($0)" })
            }
        }
    }

    /// Names of all images with the digests, in hexadecimal, of everything that they lead to.
    private func evictableImages() throws -> [String: Set<String>] {
        var damaged = try damagedReferences()
        var images: [String: Set<String>] = [:]
        for entry in try entries() {
            let closure = try closure(of: entry.descriptor)
            damaged += closure.unreadable.map { "blobs/sha256/\($0.digest.hex)" }
            images[entry.name] = Set((closure.documents + closure.blobs).map(\.digest.hex) + closure.diffIDs.map(\.hex))
        }
        guard damaged.isEmpty else { throw StoreError.unreadable(path, damaged) }
        return images
    }
}

/// What is removed as a whole.
enum EvictableUnit {
    case image(String)
    /// Absolute paths, in the order in which they are removed.
    case files([String])

    var name: String {
        switch self {
        case .image(let name): name
        case .files(let files): files.first ?? ""
        }
    }
}

/// A store that is being made smaller.
private struct Eviction {
    let store: ContentStore
    let isDry: Bool
    /// Images that are left.
    var images: [String: Set<String>]
    var pruned = ContentStore.Pruned()
    /// Paths that were removed, or would have been.
    var gone: Set<String> = []

    mutating func remove(_ unit: EvictableUnit) throws {
        switch unit {
        case .files(let files): for path in files { try unlink(path) }
        case .image(let name):
            guard let content = images.removeValue(forKey: name) else { return }
            pruned.images += 1
            // The name first: an image without content would be an error.
            try unlink("\(store.root)/refs/\(ContentStore.fileName(of: name))")
            let rest = images.values.reduce(into: Set<String>()) { $0.formUnion($1) }
            for digest in content.subtracting(rest).sorted() {
                try unlink("\(store.root)/blobs/sha256/\(digest)")
                for suffix in [ContentStore.sizeSuffix, ""] { try unlink("\(store.root)/layers/\(digest)\(suffix)") }
            }
        }
    }

    private mutating func unlink(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0, gone.insert(path).inserted else { return }
        if !isDry, Glibc.unlink(path) != 0, errno != ENOENT { throw FileError("remove", path) }
        guard info.st_mode & S_IFMT == S_IFREG else { return }
        pruned.files += 1
        pruned.bytes += UInt64(info.st_size)
    }
}
