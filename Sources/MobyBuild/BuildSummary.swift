internal import Extents
internal import FoundationEssentials

/// `X-build.json` next to the outputs: the facts about a build that `moby run` and others need. It depends on the inputs
/// alone.
public struct BuildSummary: Codable, Sendable, Equatable {
    public struct File: Codable, Sendable, Equatable {
        public var name: String
        public var size: UInt64
        /// Name of the format that it is a file of; nil from versions that did not write it down.
        public var format: String?
    }

    public struct Part: Codable, Sendable, Equatable {
        public var role: String
        public var source: String
        public var size: UInt64
        public var unpacked: UInt64
        /// Digest of what it is made from, as the initrd's last file has it; nil for the spec's own and from versions
        /// that did not write it.
        public var digest: String?
    }

    /// Platform, e.g. `linux/amd64`.
    public var platform: String
    /// The least memory to boot with, in MiB.
    public var minMemoryMiB: Int
    /// Bytes of memory that the unpacked root takes.
    public var unpacked: UInt64
    public var files: [File]
    public var segments: [Part]

    /// Name of the file for a build's name.
    public static func fileName(_ name: String) -> String { name + "-build.json" }

    /// Reads the summary next to a build's outputs; nil when there is none or it is not one.
    /// - Parameter prefix: folder and name of the build, e.g. `out/web`.
    public static func read(prefix: String) -> BuildSummary? {
        if let own = read(file: fileName(prefix)) { return own }
        // The files of a format that does not keep its names, e.g. `out/web-kernel+erofs`.
        for format in OutputFormat.all where prefix.hasSuffix("-\(format)") {
            let all = read(file: fileName(String(prefix.dropLast(format.name.utf8.count + 1))))
            let start = prefix.split(separator: "/").last ?? ""
            if let all, all.files.contains(where: { $0.format == format.name && $0.name.hasPrefix(start) }) {
                return all
            }
        }
        return nil
    }

    private static func read(file: String) -> BuildSummary? {
        guard let data = try? Data(contentsOf: URL(filePath: file)) else { return nil }
        return try? JSONDecoder().decode(BuildSummary.self, from: data)
    }

    /// Names of what the segments of an artifact were made from, by what its initrd says of them, e.g. `image
    /// sha256:…`: from the summary next to it that lists the artifact; empty when there is none.
    public static func sources(of artifact: String) -> [String: String] {
        let url = URL(filePath: artifact)
        let folder = url.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        for name in names.sorted() where name.hasSuffix(fileName("")) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            guard let summary = read(file: path), summary.files.contains(where: { $0.name == url.lastPathComponent })
            else { continue }
            let known = summary.segments.compactMap { part in part.digest.map { ("\(part.role) \($0)", part.source) } }
            return Dictionary(known) { first, _ in first }
        }
        return [:]
    }

    func extents() throws -> ExtentList {
        ExtentList([.bytes(try JSONText.pretty(self) + [0x0A])])
    }
}
