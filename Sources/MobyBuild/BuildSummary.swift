internal import Extents
internal import FoundationEssentials

/// `X-build.json` beside the outputs: what `moby run` and others want to know of a build. It depends on the inputs alone.
public struct BuildSummary: Codable, Sendable, Equatable {
    public struct File: Codable, Sendable, Equatable {
        public var name: String
        public var size: UInt64
    }

    public struct Part: Codable, Sendable, Equatable {
        public var role: String
        public var source: String
        public var size: UInt64
        public var unpacked: UInt64
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

    /// Reads the summary beside a build's outputs; nil when there is none or it is not one.
    /// - Parameter prefix: folder and name of the build, e.g. `out/web`.
    public static func read(prefix: String) -> BuildSummary? {
        guard let data = try? Data(contentsOf: URL(filePath: fileName(prefix))) else { return nil }
        return try? JSONDecoder().decode(BuildSummary.self, from: data)
    }

    func extents() throws -> ExtentList {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ExtentList([.bytes(Array(try encoder.encode(self)) + [0x0A])])
    }
}
