internal import Archive
public import Extents
internal import FoundationEssentials
internal import Glibc

/// Encoded segments on disk, named by the digest of their key: `HEX` the bytes, `HEX.names` what lies at the root, `HEX.json` the record.
///
/// Several builds may use it at once: files appear by rename, the record last,
/// and a segment without a record is not there.
public struct SegmentCache: Sendable {
    public let folder: String

    /// - Parameter store: path of the content store; the cache is its folder `segments`.
    public init(store: String) throws {
        folder = store + "/segments"
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw FileError("create", folder) }
    }

    func path(_ key: SegmentKey) -> String { "\(folder)/\(key.hex)" }

    /// The segment of a key, when it is there whole.
    public func segment(_ key: SegmentKey, title: String) -> Segment? {
        let path = path(key)
        guard let text = try? Data(contentsOf: URL(filePath: path + ".json")),
            let record = try? JSONDecoder().decode(SegmentRecord.self, from: text), record.key == key.description,
            let bytes = try? ExtentList(file: path), bytes.length == record.size
        else { return nil }
        return Segment(key: key, bytes: bytes, record: record, isHit: true, title: title)
    }

    /// What a segment puts at the root, if that was kept.
    public func names(_ key: SegmentKey) -> RootListing? {
        guard let text = try? Data(contentsOf: URL(filePath: path(key) + ".names")) else { return nil }
        return RootListing(text: Array(text))
    }

    /// Writes a segment: `produce` gets a sink for the encoded bytes.
    public func store(
        _ key: SegmentKey, title: String, record: SegmentRecord, names: RootListing? = nil, _ produce: (inout FileSink) throws -> Void
    ) throws -> Segment {
        let path = path(key)
        let hash = SHA256()
        try ExtentWriter.stream(to: path, replacing: false, produce)
        let bytes = try ExtentList(file: path)
        try ExtentReader.read(bytes) { hash.update($0) }
        var record = record
        record.size = bytes.length
        record.sha256 = hash.finalize()
        if let names { try write(names.text, to: path + ".names") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try write(Array(encoder.encode(record)), to: path + ".json")
        return Segment(key: key, bytes: bytes, record: record, isHit: false, title: title)
    }

    /// Small bytes that take long to find out, made once.
    func small(_ key: SegmentKey, _ produce: () throws -> [UInt8]) throws -> [UInt8] {
        if let segment = segment(key, title: ""), let bytes = try? ExtentReader.bytes(of: segment.bytes) { return bytes }
        let bytes = try produce()
        _ = try store(key, title: "", record: SegmentRecord(key: key.description)) { try $0.write(bytes) }
        return bytes
    }

    /// Reads every segment and compares it with its record.
    /// - Parameter repair: removes the record of what is damaged, so that it is made anew.
    /// - Returns: paths in the store.
    public func damaged(repair: Bool) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
        return try names.compactMap { name in
            let path = "\(folder)/\(name.dropLast(".json".count))"
            if let text = try? Data(contentsOf: URL(filePath: path + ".json")),
                let record = try? JSONDecoder().decode(SegmentRecord.self, from: text), let bytes = try? ExtentList(file: path)
            {
                let hash = SHA256()
                try ExtentReader.read(bytes) { hash.update($0) }
                if hash.finalize() == record.sha256 { return nil }
            }
            if repair {
                for file in [path + ".json", path] { unlink(file) }
            }
            return "segments/\(name.dropLast(".json".count))"
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws { try ExtentWriter.write(ExtentList([.bytes(bytes)]), to: path) }
}
