internal import Archive
internal import DiskImage
internal import Extents
internal import GCP

/// A file to be stored in a bucket and, if wanted, made an image of.
public struct GCPPublication: Sendable {
    public enum Goal: Sendable, Equatable {
        /// An object in the bucket.
        case object
        /// And an image made of it.
        case image
    }

    public var file: String
    public var project: String
    /// Nil is ``GCPPublication/defaultBucket(of:)``, which is made when it is not there.
    public var bucket: String?
    /// Name of the image and, with `.img.tar.gz`, of the object; nil takes the file's.
    public var name: String?
    /// What gives the image another name, for hints.
    public var nameOption = "--img-name"
    public var family: String?
    public var goal = Goal.image
    public var isPublic = false
    /// Whether an image of this name is deleted first.
    public var replaces = false
    public var nested = false
    /// Whether the image boots by UEFI; nil looks at the disk.
    public var uefi: Bool?
    /// Where a bucket that is made lies.
    public var location = "EU"

    public init(_ file: String, project: String) {
        self.file = file
        self.project = project
    }

    /// Looks at the names.
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

    /// `PROJECT-moby-images`.
    public static func defaultBucket(of project: String) -> String {
        String(project.map { $0 == ":" || $0 == "." ? "-" : $0 }) + "-moby-images"
    }
}

/// A machine of Compute Engine to be started.
public struct GCPMachine: Sendable {
    /// What the user sees of the machine.
    public enum Console: Sendable, Equatable {
        /// The serial port, by ssh.
        case interactive
        /// What the serial port says, and no input.
        case output
        /// Nothing: it is started and left.
        case none
    }

    public var project: String
    /// An image of the project; nil is the publication's.
    public var image: String?
    /// Nil takes the image's name.
    public var name: String?
    public var zone = "europe-west1-d"
    public var machine = "g1-small"
    /// More disks: names and sizes in GB.
    public var disks: [(name: String?, size: Int)] = []
    /// User data.
    public var data: String?
    /// Lines `USER:KEY` for `ssh-keys`.
    public var sshKeys: [String] = []
    public var network: String?
    public var subnetwork: String?
    public var tags: [String] = []
    public var nested = false
    public var vtpm = false
    public var keeps = false
    public var console = Console.interactive

    /// In GB ("Persistent disk limits").
    public static let largestDisk = 65536

    public init(project: String) { self.project = project }
}

/// A file for Compute Engine, looked at before it is sent: one pass for shape and checksum.
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

    /// The name of what is in a file: `web` for `out/web.img.tar.gz`.
    static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        for suffix in [suffix, ".tar.gz"] where file.hasSuffix(suffix) { return String(file.dropLast(suffix.count)) }
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}
