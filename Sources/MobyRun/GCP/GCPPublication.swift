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
