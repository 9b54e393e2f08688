public import OCI

/// The configuration of a bundle's own manifest: what is in it, and what it is for.
public struct BundleContents: Codable, Sendable, Equatable {
    /// A file, in a blob.
    public struct File: Codable, Sendable, Equatable {
        /// A path as in the spec, or the name of a spec file.
        public var name: String
        public var content: Descriptor

        public init(name: String, content: Descriptor) {
            self.name = name
            self.content = content
        }
    }

    /// An image for one platform.
    public struct Image: Codable, Sendable, Equatable {
        /// As a build names it.
        public var name: String
        public var platform: String
        /// What the name means: an index or a manifest.
        public var root: Descriptor
        public var manifest: Descriptor

        public init(name: String, platform: String, root: Descriptor, manifest: Descriptor) {
            self.name = name
            self.platform = platform
            self.root = root
            self.manifest = manifest
        }
    }

    /// The version of this form.
    public var version = 1
    /// Prefix of the outputs' names.
    public var name: String
    public var lock: File
    public var specs: [File]
    /// Values of the spec's variables.
    public var variables: [String: String]
    /// Whether every file is expanded, and not only those with a `variables` section.
    public var expandsAll: Bool
    public var files: [File]
    public var images: [Image]

    public init(
        name: String, lock: File, specs: [File], variables: [String: String], expandsAll: Bool, files: [File],
        images: [Image]
    ) {
        self.name = name
        self.lock = lock
        self.specs = specs
        self.variables = variables
        self.expandsAll = expandsAll
        self.files = files
        self.images = images
    }

    /// The annotation of `index.json`, with the version.
    static let annotation = "org.mobyproject.bundle"
    static let artifactType = "application/vnd.moby.bundle.v1"
    static let configType = "application/vnd.moby.bundle.config.v1+json"
    static let fileType = "application/vnd.moby.bundle.file.v1"
    /// image-spec, annotations.md.
    static let title = "org.opencontainers.image.title"
}

/// The manifest of a bundle itself (image-spec, manifest.md, guidelines for artifact usage).
struct BundleManifest: Codable {
    var schemaVersion = 2
    var mediaType = MediaType.manifest
    var artifactType = BundleContents.artifactType
    var config: Descriptor
    var layers: [Descriptor]
}
