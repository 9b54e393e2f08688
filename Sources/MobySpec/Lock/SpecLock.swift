public import OCI

/// `x.lock.yml`, next to the spec `x.yml`: every input of a build, pinned.
public struct SpecLock: Sendable {
    /// The version of the form that this program writes.
    public static let currentVersion = 1

    public var version = Self.currentVersion
    /// How bytes are made of inputs, see `BuildEncoding`; other text means other bytes of the same inputs.
    public var encoding = ""
    /// For which the images and packages are pinned.
    public var platforms: [Platform] = []
    /// Spec files that come from URLs.
    public var specs: [File] = []
    public var images: [Image] = []
    public var files: [File] = []
    public var packages: [Package] = []

    public init() {}

    /// An image that the spec names.
    public struct Image: Sendable {
        /// As a build names it, with registry and tag; a local source as in the spec.
        public var name = ""
        /// Of what the name means: an index or a manifest; nil for a local source.
        public var digest: Digest?
        /// The manifest for each platform.
        public var manifests: [Platform: Digest] = [:]
        /// Where the lock has it.
        public var location: SourceLocation?

        public init() {}
    }

    /// A file of the machine that builds, or a spec file from the network.
    public struct File: Sendable {
        /// The path as in the spec, or the URL without user, password and query.
        public var source = ""
        /// nil for an optional file that did not exist.
        public var digest: Digest?
        public var location: SourceLocation?

        public init() {}
    }

    /// What `@pkg:FOLDER` or `@moby:NAME` means for one platform.
    public struct Package: Sendable {
        /// As in the spec; a folder is relative to that of the lock where it is below it.
        public var template = ""
        public var platform = Platform.host
        /// The image. Its tag is a hash of all that it is made from.
        public var image = ""
        /// A Debian package each: name, version, architecture, SHA-256 of the file.
        public var debian: [String] = []
        public var location: SourceLocation?

        public init() {}
    }
}

extension SpecLock {
    public func image(named name: String) -> Image? { images.first { $0.name == name } }

    public func file(_ source: String) -> File? { files.first { $0.source == source } }

    public func package(_ template: String, for platform: Platform) -> Package? {
        packages.first { $0.template == template && $0.platform == platform }
    }
}
