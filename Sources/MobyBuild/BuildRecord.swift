internal import BootLayout
internal import Extents
internal import FoundationEssentials
internal import Glibc

/// `X-build.json` next to the outputs: what `moby run` and other programs need to know about a build. It depends on the
/// inputs alone.
public struct BuildRecord: Codable, Sendable, Equatable {
    public struct File: Codable, Sendable, Equatable {
        public var name: String
        /// In bytes.
        public var size: UInt64
        /// Name of the format that it is a file of; nil in old records.
        public var format: String?
        /// What it boots from; nil for a file that does not boot by itself, and in old records.
        public var firmware: OutputFormat.Firmware?
        /// nil in old records.
        public var role: OutputFormat.Role?
        /// The type of the root file system in it, as mount(8) names it, when that stays on disk.
        public var root: String?
        /// In hexadecimal; nil unless the build was asked for digests.
        public var sha256: String?
    }

    public struct Part: Codable, Sendable, Equatable {
        public var role: String
        public var source: String
        public var size: UInt64
        public var unpacked: UInt64
        /// Digest of what it is made from, as the initrd's last file has it; nil for the spec's own and in old records.
        public var digest: String?
        /// Of the encoded bytes, in hexadecimal; nil in old records.
        public var sha256: String?
    }

    /// The version of this form; nil in old records.
    public var version: Int? = 1
    /// Platform, e.g. `linux/amd64`.
    public var platform: String
    /// The least memory to boot with, in MiB.
    public var minMemoryMiB: Int
    /// Bytes of memory that the unpacked root takes.
    public var unpacked: UInt64
    /// Values of the spec's variables; nil when it uses none, and in old records.
    public var variables: [String: String]?
    public var files: [File]
    public var segments: [Part]
    /// All that the bytes of the files come from; nil in old records.
    public var inputs: Inputs?
    /// How they were made; nil in old records.
    public var options: Options?

    /// The file's name for a build's name.
    public static func fileName(_ name: String) -> String { name + "-build.json" }

    /// Reads the record of a build.
    /// - Parameter prefix: folder and name of the build, e.g. `out/web`, or of one format's files that do not have the
    ///   usual names, e.g. `out/web-kernel+erofs`.
    /// - Returns: nil when there is none.
    /// - Throws: `FileError` when it cannot be read.
    public static func read(prefix: String) throws -> BuildRecord? {
        if let own = try read(file: fileName(prefix)) { return own }
        for format in OutputFormat.all where prefix.hasSuffix("-\(format)") {
            let record = try read(file: fileName(String(prefix.dropLast(format.name.utf8.count + 1))))
            let start = prefix.split(separator: "/").last ?? ""
            if let record, record.files.contains(where: { $0.format == format.name && $0.name.hasPrefix(start) }) {
                return record
            }
        }
        return nil
    }

    /// Any file may have such a name: one that is not a record is none.
    private static func read(file: String) throws -> BuildRecord? {
        do {
            return try HostFiles.readIfPresent(file, limit: 64 << 20).map {
                try JSONDecoder().decode(BuildRecord.self, from: Data($0))
            }
        } catch is DecodingError {
            return nil
        }
    }

    /// Finds the record next to a file that lists it. Records of other builds are skipped when they cannot be read.
    /// - Throws: `FileError` when the folder, or the record of the build that the file is named for, cannot be read.
    public static func listing(_ path: String) throws -> (record: BuildRecord, file: File)? {
        let (folder, name) = split(path)
        let builds: [String]
        do { builds = try Self.builds(in: folder) } catch let error as FileError where error.code == EACCES {
            // A folder that only lets known names through.
            return nil
        }
        for build in builds {
            let found: BuildRecord?
            do { found = try read(file: fileName(build)) } catch {
                guard !name.hasPrefix(split(build).name) else { throw error }
                continue
            }
            if let found, let file = found.files.first(where: { $0.name == name }) { return (found, file) }
        }
        return nil
    }

    /// Names of what the segments of an artifact were made from, by what its initrd says of them, e.g. `image
    /// sha256:…`; empty when no record lists the artifact.
    /// - Throws: as ``listing(_:)``.
    public static func sources(of artifact: String) throws -> [String: String] {
        let segments = try listing(artifact)?.record.segments ?? []
        let known = segments.compactMap { part in part.digest.map { ("\(part.role) \($0)", part.source) } }
        return Dictionary(known) { first, _ in first }
    }

    /// The builds that have a record in a folder, by their prefixes, in order.
    public static func builds(in folder: String) throws -> [String] {
        let end = fileName("")
        let names = try FolderTree.names(in: folder.isEmpty ? "." : folder)
        return names.filter { $0.hasSuffix(end) && $0 != end }.sorted().map {
            (folder.isEmpty ? "" : folder + "/") + $0.dropLast(end.count)
        }
    }

    /// Folder, empty for the current one, and name.
    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    func extents() throws -> ExtentList {
        ExtentList([.bytes(try JSONText.pretty(self) + [0x0A])])
    }
}

extension BuildRecord.File {
    /// A role or firmware of a later version is none, and the rest of the record counts.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            name: values.decode(String.self, forKey: .name), size: values.decode(UInt64.self, forKey: .size),
            format: values.decodeIfPresent(String.self, forKey: .format),
            firmware: values.decodeIfPresent(String.self, forKey: .firmware).flatMap(OutputFormat.Firmware.init),
            role: values.decodeIfPresent(String.self, forKey: .role).flatMap(OutputFormat.Role.init),
            root: values.decodeIfPresent(String.self, forKey: .root),
            sha256: values.decodeIfPresent(String.self, forKey: .sha256))
    }

    /// The path of the file, next to its record.
    /// - Throws: ``BuildError`` for a name that leads elsewhere: a record may come from a stranger.
    public func path(nextTo record: String) throws -> String {
        guard !name.contains("/"), name != "..", !name.isEmpty else {
            throw BuildError("the record names '\(PlainText.short(name))', which is not next to it")
        }
        return PartialFiles.path(name, nextTo: record)
    }

    init(_ artifact: Artifact, size: UInt64) {
        let format = OutputFormat.named(artifact.format)
        self.init(
            name: artifact.name, size: size, format: artifact.format,
            firmware: format.flatMap { $0.firmware == .none ? nil : $0.firmware }, role: artifact.role,
            root: artifact.role == .root ? format?.rootOnDisk?.type : nil)
    }
}
