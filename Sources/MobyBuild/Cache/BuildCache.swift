public import Extents
internal import FoundationEssentials
internal import Glibc
public import OCI
internal import Progress

/// What builds have made, on disk, named by the digest of its key: `HEX` the bytes, `HEX.names` what lies at the root,
/// `HEX.json` the record. Segments of initrds, roots of disks, unpacked kernels, facts about images.
///
/// Several builds may use it at once: files appear by rename, the record last,
/// and a segment without a record does not exist. Only the user may read them, since they hold `files` of every mode.
public struct BuildCache: Sendable {
    let store: ContentStore
    /// Where other machines have more.
    let shared: SharedCache?

    /// The cache of a store; nothing is made before something is stored.
    public init(store: ContentStore) { self.init(store: store, shared: nil) }

    init(store: ContentStore, shared: SharedCache?) { (self.store, self.shared) = (store, shared) }

    public var folder: String { store.root + "/segments" }

    func path(_ key: CacheKey) -> String { "\(folder)/\(key.hex)" }

    /// The segment of a key, when it is there whole. Its bytes are compared with their checksum when they are read; a
    /// damaged segment is removed, and reading ends with `ExtentError.damaged`.
    /// - Parameter withNames: whether what it puts at the root is wanted as well.
    /// - Throws: `FileError`.
    public func segment(_ key: CacheKey, title: String, withNames: Bool = false) throws -> Segment? {
        try segment(key, title: title, withNames: withNames, verifying: store.verifies)
    }

    /// - Throws: `Wanted` when a registry may have it.
    private func segment(_ key: CacheKey, title: String, withNames: Bool, verifying: Bool) throws -> Segment? {
        let found = try own(key, title: title, withNames: withNames, verifying: verifying)
        if found != nil { shared?.note(used: key) } else if shared?.mayHave(key) == true { throw Wanted.entry(key) }
        return found
    }

    /// The record of a key; nil when there is none, or it is that of another key.
    func record(of key: CacheKey) throws -> SegmentRecord? {
        // A record that cannot be decoded was cut, or is that of another version.
        guard let text = try CacheFile.read(path(key) + ".json"),
            let record = try? JSONDecoder().decode(SegmentRecord.self, from: Data(text)),
            record.key == key.description
        else { return nil }
        return record
    }

    private func own(_ key: CacheKey, title: String, withNames: Bool, verifying: Bool) throws -> Segment? {
        let path = path(key)
        guard var record = try record(of: key), var bytes = try CacheFile.extents(path), bytes.length == record.size
        else { return nil }
        let names = withNames ? try CacheFile.read(path + ".names") : nil
        let listing = names.flatMap { RootListing(text: $0) }
        if withNames, listing == nil { return nil }
        if verifying {
            guard try isWhole(bytes, &record, names, path) else {
                try Self.remove(path)
                return nil
            }
            bytes = try ExtentList(file: path, checksum: checksum(record, path))
        }
        FileUse.note(path)
        return Segment(key: key, bytes: bytes, record: record, isHit: true, title: title, names: listing)
    }

    private func checksum(_ record: SegmentRecord, _ path: String) -> FileChecksum? {
        record.crc32c.map { sum in
            FileChecksum(crc32c: sum) { [store] in
                store.note(damaged: "segments/\(path.split(separator: "/").last ?? "")")
                try Self.remove(path)
            }
        }
    }

    /// Compares all but the bytes with its checksum. A segment of an older version has none, and gets one when its
    /// digest is right.
    private func isWhole(_ bytes: ExtentList, _ record: inout SegmentRecord, _ names: [UInt8]?, _ path: String) throws
        -> Bool
    {
        if record.crc32c != nil {
            return record.ownCRC32C == record.expectedCRC32C
                && names.map(CRC32C.of) ?? record.namesCRC32C == record.namesCRC32C
        }
        let sums = try Self.sums(of: bytes)
        guard sums.sha256 == record.sha256 else { return false }
        record.crc32c = sums.crc32c
        record.namesCRC32C = try CacheFile.read(path + ".names").map(CRC32C.of)
        // A store that this user may only read has no checksum next time either.
        guard access(folder, W_OK) == 0 else { return true }
        chmod(path, 0o600)
        try write(record, to: path)
        return true
    }

    /// Writes a segment: `produce` gets a sink for the encoded bytes.
    public func store(
        _ key: CacheKey, title: String, record: SegmentRecord, names: RootListing? = nil,
        _ produce: (inout FileSink) throws -> Void
    ) throws -> Segment {
        try store.prepare()
        // It may be removed at any time to have everything made again.
        try FolderTree.make(folder)
        let path = path(key)
        try makeRoom(path)
        try ExtentWriter.stream(to: path, mode: 0o600, replacing: false, produce)
        let bytes = try ExtentList(file: path)
        var record = record
        record.size = bytes.length
        let sums = try Self.sums(of: bytes)
        (record.sha256, record.crc32c) = (sums.sha256, sums.crc32c)
        if let names {
            let text = names.text
            record.namesCRC32C = CRC32C.of(text)
            try write(text, to: path + ".names")
        }
        try write(record, to: path)
        shared?.note(used: key)
        return Segment(key: key, bytes: bytes, record: record, isHit: false, title: title, names: names)
    }

    /// Puts blobs of the store in the place of a key's files: the bytes, and the names at the root where it has any.
    /// - Parameters:
    ///   - record: with size and SHA-256 of the bytes.
    ///   - blobs: are moved, or copied where the store had them before.
    func store(_ key: CacheKey, record: SegmentRecord, names: [UInt8]?, blob: Digest, isMoved: Bool) throws {
        try store.prepare()
        try FolderTree.make(folder)
        let path = path(key)
        try makeRoom(path)
        if isMoved {
            try store.move(blob, to: path, mode: 0o600)
        } else {
            try ExtentWriter.write(store.verifiedBlob(blob), to: path, mode: 0o600)
        }
        var record = record
        var check = CRC32C()
        try ExtentReader.read(ExtentList(file: path)) { check.update($0) }
        record.crc32c = check.value
        if let names {
            record.namesCRC32C = CRC32C.of(names)
            try write(names, to: path + ".names")
        }
        try write(record, to: path)
    }

    /// An obstacle to a segment: a folder, or a file that only another user may read.
    private func makeRoom(_ path: String) throws {
        for name in [path, path + ".json", path + ".names"] {
            guard let info = try HostFiles.status(name, followingLink: false),
                info.st_mode & S_IFMT != S_IFREG || access(name, R_OK) != 0
            else { continue }
            guard try ContentStore.removeDamaged(name) else { throw StoreError.folderInTheWay(name) }
        }
    }

    /// Small bytes that take long to find out, made once. They are always compared with their checksum, which costs
    /// nothing at this size.
    /// - Parameter what: for people, e.g. the name of an image.
    func small(_ key: CacheKey, of what: String, _ produce: () throws -> [UInt8]) throws -> [UInt8] {
        if let segment = try segment(key, title: "", withNames: false, verifying: true) {
            return try ExtentReader.bytes(of: segment.bytes)
        }
        let bytes = try store.progress.during(.check, what) { _ in try produce() }
        do {
            _ = try store(key, title: "", record: SegmentRecord(key: key.description)) { try $0.write(bytes) }
        } catch let error as FileError where [EACCES, EPERM, EROFS].contains(error.code) {
            // Another user's store can only be read: this is found out again next time.
        }
        return bytes
    }

    private static func sums(of bytes: ExtentList) throws -> (sha256: String, crc32c: UInt32) {
        let hash = SHA256()
        var check = CRC32C()
        try ExtentReader.read(bytes) {
            hash.update($0)
            check.update($0)
        }
        return (hash.finalize().hex, check.value)
    }

    /// The record first: without it there is no segment.
    static func remove(_ path: String) throws {
        for file in [path + ".json", path, path + ".names"] {
            guard try ContentStore.removeDamaged(file) else { throw StoreError.folderInTheWay(file) }
        }
    }

    private func write(_ record: SegmentRecord, to path: String) throws {
        var record = record
        record.ownCRC32C = record.expectedCRC32C
        try write(JSONText.compact(record), to: path + ".json")
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try ExtentWriter.write(ExtentList([.bytes(bytes)]), to: path, mode: 0o600)
    }
}

extension BuildCache {
    /// Reads every segment and compares it with its record.
    /// - Parameter repair: removes damaged segments, so that they are made again.
    /// - Returns: paths in the store; `stuck` are those that could not be removed.
    /// - Throws: `FileError`.
    public func damaged(repair: Bool) throws -> (found: [String], stuck: [String]) {
        var (found, stuck): ([String], [String]) = ([], [])
        let records = try records()
        let size = records.reduce(0) { $0 + ($1.1?.size ?? 0) }
        try store.progress.during(.verify, "segments", total: size) { step in
            for (hex, record) in records {
                defer { step.add(record?.size ?? 0) }
                guard try !isWhole(hex, record) else { continue }
                found.append("segments/\(hex)")
                guard repair else { continue }
                do { try Self.remove("\(folder)/\(hex)") } catch is StoreError { stuck.append("segments/\(hex)") }
            }
        }
        return (found, stuck)
    }

    /// Removes the segments that may have been made from damaged layers or blobs. Those whose origin is not known are
    /// removed as well: roots of disks, volumes, initrds for a root on a disk. They are made again when they are
    /// needed.
    /// - Parameter remove: false only looks for them.
    /// - Returns: paths in the store.
    /// - Throws: `FileError`.
    public func derived(from damaged: [Digest], remove isWanted: Bool) throws -> [String] {
        guard !damaged.isEmpty else { return [] }
        let damaged = Set(damaged)
        return try records().compactMap { hex, record in
            guard let record, try mayDerive(record, from: damaged) else { return nil }
            if isWanted { try Self.remove("\(folder)/\(hex)") }
            return "segments/\(hex)"
        }
    }

    private func mayDerive(_ record: SegmentRecord, from damaged: Set<Digest>) throws -> Bool {
        let fields = record.key.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
        func field(_ name: String) -> String { fields.first { $0.first == name }?.last ?? "" }
        // What the spec says comes from no image.
        guard !["spec", "sentinel"].contains(field("role")) else { return false }
        guard let content = Digest(field("content")), let diffIDs = try store.diffIDs(ofConfiguration: content) else {
            return true
        }
        return damaged.contains(content) || !damaged.isDisjoint(with: diffIDs)
    }

    private func isWhole(_ hex: String, _ record: SegmentRecord?) throws -> Bool {
        let path = "\(folder)/\(hex)"
        guard let record, let bytes = try CacheFile.extents(path), bytes.length == record.size else { return false }
        if record.crc32c != nil {
            guard record.ownCRC32C == record.expectedCRC32C else { return false }
            if let expected = record.namesCRC32C, try CacheFile.read(path + ".names").map(CRC32C.of) != expected {
                return false
            }
        }
        let hash = SHA256()
        try ExtentReader.read(bytes) { hash.update($0) }
        return hash.finalize().hex == record.sha256
    }

    /// By the digits of their keys, in order; nil is a record that cannot be read.
    func records() throws -> [(String, SegmentRecord?)] {
        try FolderTree.names(in: folder).filter { $0.hasSuffix(".json") && $0.utf8.count == 69 }.map { name in
            let record = try CacheFile.read("\(folder)/\(name)").flatMap {
                try? JSONDecoder().decode(SegmentRecord.self, from: Data($0))
            }
            return (String(name.dropLast(".json".count)), record)
        }
    }
}

/// Files of the cache. What does not exist, or this user may not read, is not in the cache; anything else is an error.
enum CacheFile {
    private static let largest: UInt64 = 256 << 20

    static func extents(_ path: String) throws -> ExtentList? {
        do {
            guard access(path, R_OK) == 0 || errno != EACCES else { return nil }
            return try ExtentList(file: path)
        } catch let error as FileError where [ENOENT, ENOTDIR, EISDIR, EACCES].contains(error.code) { return nil }
    }

    static func read(_ path: String) throws -> [UInt8]? {
        do {
            return try extents(path).map { try ExtentReader.bytes(of: $0, limit: largest) }
        } catch let error as FileError where [ENOENT, EACCES].contains(error.code) {
            return nil
        } catch ExtentError.changed { return nil }
    }
}
