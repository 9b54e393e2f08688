internal import Archive
internal import DiskImage
internal import Extents
internal import GCP

/// A file to store in a bucket and, if wanted, to make an image of.
public struct GCPPublication: Sendable {
    public enum Goal: Sendable, Equatable {
        /// An object in the bucket.
        case object
        /// And an image of it.
        case image
    }

    public var file: String
    public var project: String
    /// Nil is ``GCPPublication/defaultBucket(of:)``, which is created when it does not exist.
    public var bucket: String?
    /// Name of the image and, with `.img.tar.gz`, of the object; nil takes the file's.
    public var name: String?
    /// The option that gives the image another name, for hints.
    public var nameOption = "--img-name"
    public var family: String?
    public var goal = Goal.image
    public var isPublic = false
    /// Whether an image of this name is deleted first.
    public var replaces = false
    public var nested = false
    /// Whether the image boots by UEFI; nil detects it from the disk.
    public var uefi: Bool?
    /// The location of a bucket that is created.
    public var location = "EU"

    public init(_ file: String, project: String) {
        self.file = file
        self.project = project
    }

    /// Checks the names.
    /// - Throws: ``RunError`` for those that Google would refuse.
    public func check() throws(RunError) {
        try GCPNames.project(project)
        try GCPNames.bucket(bucketName)
        guard goal == .image else { return }
        try GCPNames.resource(imageName, "image", option: nameOption)
        if let family { try GCPNames.resource(family, "family", option: "--family") }
    }

    public var bucketName: String { bucket ?? Self.defaultBucket(of: project) }
    var imageName: String { name ?? GCPTarball.name(of: file) }
    var object: String { imageName + GCPTarball.suffix }

    /// The request for the image.
    /// - Parameter isEFI: whether the disk boots by UEFI.
    func image(isEFI: Bool) -> MachineImage {
        MachineImage(
            imageName, family: family, bucket: bucketName, object: object,
            features: (uefi ?? isEFI ? ["UEFI_COMPATIBLE"] : []) + ["GVNIC", "VIRTIO_SCSI_MULTIQUEUE"],
            nested: nested, labels: GoogleCloud.labels)
    }

    /// `PROJECT-moby-images`.
    public static func defaultBucket(of project: String) -> String {
        String(project.map { $0 == ":" || $0 == "." ? "-" : $0 }) + "-moby-images"
    }
}

/// A file for Compute Engine, checked before it is sent: one pass for shape and checksum.
struct GCPTarball: Sendable, Equatable {
    let source: UploadSource
    /// Size of the disk in bytes.
    let diskSize: UInt64
    let isEFI: Bool

    static let suffix = ".img.tar.gz"

    /// - Throws: ``RunError`` for a file that Compute Engine would refuse; `FileError`.
    static func inspect(_ path: String) throws -> GCPTarball {
        let list = try ExtentList(file: path)
        var (inspector, check) = (GCPArchiveInspector(), CRC32C())
        let decompressor = Decompressor()
        var isFirst = true
        do {
            try ExtentReader.read(list) { bytes in
                if isFirst, !bytes.starts(with: [0x1f, 0x8b]) { throw RunError("it is not compressed with gzip") }
                isFirst = false
                check.update(bytes)
                try decompressor.write(bytes) { try inspector.write($0) }
            }
            try decompressor.finish { try inspector.write($0) }
            let facts = try inspector.finish()
            guard decompressor.trailing == 0 else {
                throw RunError("\(decompressor.trailing) bytes follow the end of the gzip stream")
            }
            return GCPTarball(
                source: UploadSource(path: path, size: list.length, crc32c: check.value), diskSize: facts.size,
                isEFI: facts.isEFI)
        } catch let error as FileError { throw error } catch let error as ExtentError { throw error } catch {
            throw RunError(
                "'\(path)' is not an image for Compute Engine: \(error)",
                hint: (error as? any HintedError)?.hint ?? "build one with: moby build --format gcp FILE.yml")
        }
    }

    /// The name of the image in a file: `web` for `out/web.img.tar.gz`.
    static func name(of path: String) -> String {
        let file = PartialFiles.name(of: path)
        for suffix in [suffix, ".tar.gz"] where file.hasSuffix(suffix) { return String(file.dropLast(suffix.count)) }
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}
