internal import Archive
internal import BootLayout
internal import DiskImage
internal import Extents
internal import MobySpec
internal import OCI
internal import Progress

/// The root as a file system on a disk, and the small initrd that mounts it.
struct DiskRoot: Sendable {
    /// Init, drivers and the mark of a whole initrd.
    let segments: [Segment]
    let parts: [RootPart]
    /// Keys of all that the root is made from.
    let identity: String
    let cache: BuildCache

    /// Changes whenever equal keys no longer give equal bytes.
    static let rule = "erofs 1"

    /// Derived from ``identity``, with the bits of a custom UUID (RFC 9562, 5.8).
    var uuid: [UInt8] {
        var bytes = Array(SHA256.hash(Array("\(Self.rule)\n\(identity)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }

    /// The kernel parameter that names this root.
    var kernelParameter: String { "\(RootFileSystem.erofs.parameter)\(EROFS.text(ofUUID: uuid))" }

    /// The file system, from the cache when it was made before.
    func image() throws -> ExtentList {
        let key = CacheKey.erofsRoot(of: identity)
        if let segment = try cache.segment(key, title: "root") { return segment.bytes }
        return try cache.store.progress.during(.compress, "the root as EROFS") { try image(key, $0) }
    }

    private func image(_ key: CacheKey, _ step: Step) throws -> ExtentList {
        let tree = try merged()
        try cache.store.prepare()
        PartialFiles.removeAbandoned(of: [cache.path(key), cache.path(key) + ".clusters"])
        let clusters = try PartialFile(cache.path(key) + ".clusters")
        let image = try context("writing the root as EROFS") {
            try EROFS.compressedImage(of: tree, EROFS.Options(uuid: uuid, label: "root"), scratch: clusters)
        }
        return try withExtendedLifetime(clusters) {
            try cache.store(key, title: "root", record: SegmentRecord(key: key.description)) { sink in
                try ExtentReader.read(image) {
                    try sink.write($0)
                    step.add($0.count)
                }
            }.bytes
        }
    }

    func merged() throws -> FileTree {
        var tree = FileTree()
        for part in parts { tree.unpack(try part.tree(), under: part.destination) }
        return tree
    }
}

extension DiskRoot {
    /// Changes whenever equal keys no longer give equal bytes.
    private static let isoRules = "iso9660 1"

    /// The name of the volume, derived from ``identity``: ISO 9660 has no UUID.
    var volumeID: String {
        "ROOT_" + SHA256.hash(Array("\(Self.isoRules)\n\(identity)".utf8)).hex.prefix(24).uppercased()
    }

    /// The kernel parameter that names this root as an ISO.
    var isoKernelParameter: String { "\(RootFileSystem.iso9660.parameter)\(volumeID)" }

    /// The root as ISO 9660 with Rock Ridge; contents are extents of the layers.
    /// - Parameter time: of the volume, in seconds since 1970.
    func iso(time: UInt64) throws -> ExtentList {
        let tree = try merged()
        return try context("writing the root as ISO 9660") {
            try ISO9660.image(ISO9660.entries(of: tree), volumeID: volumeID, time: Int64(clamping: time))
        }
    }

    /// What ISO 9660 leaves out of each part.
    func isoWarnings() throws -> [Diagnostic] {
        try parts.compactMap { part in
            let tree = try part.tree()
            let count = tree.paths.count { tree[$0]?.attributes.isEmpty == false }
            guard count > 0 else { return nil }
            return Diagnostic(
                .warning, at: nil,
                "\(RootAssembly.files(count)) of '\(PlainText.short(part.source))' \(count == 1 ? "has" : "have") extended attributes, which ISO 9660 cannot carry",
                hint: "file capabilities among them have no effect; the format kernel+erofs keeps them")
        }
    }
}
