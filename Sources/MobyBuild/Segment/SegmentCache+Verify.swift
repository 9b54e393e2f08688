internal import Extents
internal import FoundationEssentials
public import OCI

extension SegmentCache {
    /// Reads every segment and compares it with its record.
    /// - Parameter repair: removes what is damaged, so that it is made again.
    /// - Returns: paths in the store; `stuck` are those that could not be removed.
    /// - Throws: `FileError`.
    public func damaged(repair: Bool) throws -> (found: [String], stuck: [String]) {
        var (found, stuck): ([String], [String]) = ([], [])
        for (hex, record) in try records() where try !isWhole(hex, record) {
            found.append("segments/\(hex)")
            guard repair else { continue }
            do { try Self.remove("\(folder)/\(hex)") } catch is StoreError { stuck.append("segments/\(hex)") }
        }
        return (found, stuck)
    }

    /// Removes the segments that may have been made from damaged layers or blobs. Those that cannot be told are removed
    /// as well: roots of disks, volumes, initrds for a root on a disk. They are made again when they are needed.
    /// - Parameter remove: false only looks for them.
    /// - Returns: paths in the store.
    /// - Throws: `FileError`.
    public func derived(from damaged: [Digest], remove isWanted: Bool) throws -> [String] {
        guard !damaged.isEmpty else { return [] }
        let damaged = Set(damaged)
        return try records().compactMap { hex, record in
            guard let record, mayDerive(record, from: damaged) else { return nil }
            if isWanted { try Self.remove("\(folder)/\(hex)") }
            return "segments/\(hex)"
        }
    }

    private func mayDerive(_ record: SegmentRecord, from damaged: Set<Digest>) -> Bool {
        let fields = record.key.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
        func field(_ name: String) -> String { fields.first { $0.first == name }?.last ?? "" }
        // What the spec says comes from no image.
        guard !["spec", "sentinel"].contains(field("role")) else { return false }
        guard let content = Digest(field("content")), let diffIDs = store.diffIDs(ofConfiguration: content) else {
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
        return hash.finalize() == record.sha256
    }

    /// By the digits of their keys, in order; nil is a record that cannot be read.
    private func records() throws -> [(String, SegmentRecord?)] {
        try FolderTree.names(in: folder).filter { $0.hasSuffix(".json") && $0.utf8.count == 69 }.map { name in
            let record = try CacheFile.read("\(folder)/\(name)").flatMap {
                try? JSONDecoder().decode(SegmentRecord.self, from: Data($0))
            }
            return (String(name.dropLast(".json".count)), record)
        }
    }
}
