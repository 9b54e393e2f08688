import Extents
import TestSupport

@testable import OCI

/// An image layout whose documents a test writes itself, as other tools leave them.
struct OddLayout {
    private(set) var blobs: [Digest: [UInt8]] = [:]
    /// Entries of `index.json`.
    var entries: [String] = []

    static let manifest = "application/vnd.oci.image.manifest.v1+json"
    static let index = "application/vnd.oci.image.index.v1+json"

    /// Adds a blob.
    /// - Parameter more: further fields of its descriptor.
    /// - Returns: the descriptor.
    mutating func add(_ bytes: [UInt8], _ type: String, _ more: String = "") -> String {
        let digest = Digest(sha256: SHA256.hash(bytes))
        blobs[digest] = bytes
        let tail = more.isEmpty ? "" : ",\(more)"
        return #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(bytes.count)\#(tail)}"#
    }

    /// Adds an image with one plain layer and the given text as configuration, `DIFF` in it being the layer's diff ID.
    /// - Returns: its descriptor.
    mutating func addImage(config: String, text: String = "hello\n", more: String = "", fields: String = "") -> String {
        let tar = SampleTar.tar(["etc/motd": text])
        let layer = add(tar, "application/vnd.oci.image.layer.v1.tar")
        let configuration = add(
            Array(config.replacing("DIFF", with: "sha256:\(SHA256.hash(tar).hex)").utf8),
            "application/vnd.oci.image.config.v1+json")
        let tail = fields.isEmpty ? "" : ",\(fields)"
        return add(
            Array(#"{"schemaVersion":2,"config":\#(configuration),"layers":[\#(layer)]\#(tail)}"#.utf8), Self.manifest,
            more)
    }

    mutating func addIndex(_ entries: [String], more: String = "") -> String {
        add(Array(Self.index(of: entries).utf8), Self.index, more)
    }

    static func index(of entries: [String]) -> String {
        #"{"schemaVersion":2,"mediaType":"\#(index)","manifests":[\#(entries.joined(separator: ","))]}"#
    }

    /// The files, by name.
    var files: [String: [UInt8]] {
        var files = [
            "index.json": Array(Self.index(of: entries).utf8),
            "oci-layout": Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8),
        ]
        for (digest, bytes) in blobs { files["blobs/sha256/\(digest.hex)"] = bytes }
        return files
    }

    func write(_ folder: String) throws {
        for (name, bytes) in files { try TestFile.write(bytes, to: "\(folder)/\(name)") }
    }

    func write(archive: String) throws {
        try TestFile.write(
            SampleTar.archive(files.sorted { $0.key < $1.key }.map { SampleTar.entry($0.key, content: $0.value) }),
            to: archive)
    }

    /// A registry that has the first entry as `acme/odd:1`.
    func registry() throws -> ScriptedServer {
        let (blobs, entry) = (blobs, entries.first ?? "")
        let root = blobs.first { entry.contains($0.key.description) }
        return try ScriptedServer { request in
            let last = request.target.split(separator: "/").last.map(String.init) ?? ""
            let bytes = last == "1" ? root?.value : Digest(last).flatMap { blobs[$0] }
            guard let bytes else { return .init(404) }
            return .init(200, body: bytes)
        }
    }

    static let amd64 =
        #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["DIFF"]}}"#
    static let arm64 =
        #"{"architecture":"arm64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["DIFF"]}}"#
    static let silent = #"{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":["DIFF"]}}"#
}
