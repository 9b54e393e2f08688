internal import Archive
public import Extents
internal import Glibc

/// The parts of an artifact. Decompressed pieces are in temporary files for as long as this value
/// lives.
public final class Inspection {
    public private(set) var root: Part
    private let detector: ArtifactDetector

    /// Looks into an artifact.
    /// - Parameters:
    ///   - content: of the artifact; only read.
    ///   - scratch: a folder for temporary files, not one in memory.
    ///   - limits: bounds of time and memory, whatever the bytes are.
    /// - Throws: `InspectError` for an unknown type, `DiskImageError` and others for damage, `FileError`,
    ///   `ExtentError`.
    public convenience init(_ content: ExtentList, scratch: String = "/var/tmp", limits: Limits = Limits()) throws {
        try self.init(ArtifactDetector(scratch: scratch, limits: limits)) { _ in content }
    }

    /// Looks into the bytes of a pipe or device; they are read to the end first.
    /// - Parameters:
    ///   - file: descriptor to read from.
    ///   - name: of the file, for errors.
    /// - Throws: as ``init(_:scratch:limits:)``.
    public convenience init(reading file: Int32, name: String, scratch: String = "/var/tmp", limits: Limits = Limits())
        throws
    {
        try self.init(ArtifactDetector(scratch: scratch, limits: limits)) { detector in
            let spool = try detector.temporary()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            defer { buffer.deallocate() }
            while true {
                let count = Glibc.read(file, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileError("read", name) }
                if count == 0 { return try spool.contents() }
                try spool.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private init(_ detector: ArtifactDetector, _ content: (ArtifactDetector) throws -> ExtentList) throws {
        self.detector = detector
        let content = try content(detector)
        var root = try detector.part(content)
        var names: [String: Int] = [:]
        Self.number(&root, &names)
        self.root = root
    }

    /// Volumes of the same name get numbers: `esp`, `esp2`.
    private static func number(_ part: inout Part, _ names: inout [String: Int]) {
        if let name = part.volume?.name {
            names[name, default: 0] += 1
            if let count = names[name], count > 1 { part.volume?.name = "\(name)\(count)" }
        }
        for index in part.children.indices { number(&part.children[index], &names) }
    }

    /// Adds to each segment of an initrd the name of what it was made from.
    /// - Parameter name: the name for what the initrd says, e.g. `image sha256:…`; nil when it has none.
    public func addNames(_ name: (String) -> String?) { Self.addNames(to: &root, name) }

    private static func addNames(to part: inout Part, _ name: (String) -> String?) {
        if part.kind == "segment", let source = part.facts.first(where: { $0.key == "source" }),
            let name = name(source.value)
        {
            part.add("from", name)
        }
        for index in part.children.indices { addNames(to: &part.children[index], name) }
    }

    /// Every file system and archive, outer ones first.
    public var volumes: [Volume] { root.all.compactMap(\.volume) }

    /// Parts that could not be read completely, with the reasons.
    public var errors: [String] {
        root.all.compactMap { part in
            part.damage.map { (part.name.isEmpty ? part.kind : "\(part.kind) '\(part.name)'") + ": " + $0 }
        }
    }

    /// A file's path with the volume it is in.
    public struct Listed: Sendable {
        public let volume: String
        public let file: Volume.File
    }

    /// The files at an address and below it, each as `VOLUME:/PATH`.
    /// - Parameter address: `VOLUME:PATH`, or a path for the first volume that has it; nil for all of all volumes.
    /// - Throws: `InspectError` when there is none.
    public func list(_ address: String?) throws -> [Listed] {
        guard let address else {
            return volumes.flatMap { volume in
                Volume.Index(volume).files(in: .root).map { Listed(volume: volume.name, file: $0) }
            }
        }
        let (volume, index, path) = try find(address)
        return index.files(in: path).map { Listed(volume: volume.name, file: $0) }
    }

    /// Hands on the contents of a file, in pieces.
    /// - Throws: `InspectError` when there is none or it is not a regular file; `DiskImageError` and others for damage;
    ///   what `consume` throws.
    public func read(_ address: String, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        let (volume, index, path) = try find(address)
        guard let file = index[path], file.kind != .directory else {
            throw InspectError("'\(PlainText.of(address))' is a directory", hint: "list it with 'moby ls'")
        }
        guard file.kind == .regular else { throw InspectError("'\(PlainText.of(address))' is not a regular file") }
        try volume.read(file, consume)
    }

    private func find(_ address: String) throws -> (Volume, Volume.Index, TreePath) {
        let volumes = volumes
        let bytes = Array(address.utf8)
        let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        let name = colon.map { String(decoding: bytes[..<$0], as: UTF8.self) }
        if let colon, let name, let volume = volumes.first(where: { $0.name == name }) {
            let index = Volume.Index(volume)
            if let path = index.find(Array(bytes[(colon + 1)...])) { return (volume, index, path) }
        } else {
            for volume in volumes {
                let index = Volume.Index(volume)
                if let path = index.find(bytes) { return (volume, index, path) }
            }
        }
        let known = volumes.map(\.name).joined(separator: ", ")
        let hint = known.isEmpty ? "it holds no files" : "its volumes are \(known); 'moby ls' lists their files"
        throw InspectError("'\(PlainText.of(address))' does not exist", hint: hint)
    }
}
