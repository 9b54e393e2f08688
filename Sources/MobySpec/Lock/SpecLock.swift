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
        /// What made a policy accept it; empty when it was locked without a policy.
        public var accepted: [Acceptance] = []
        /// Where the lock has it.
        public var location: SourceLocation?

        public init() {}
    }

    /// Why a policy accepts an image.
    public struct Acceptance: Sendable, Hashable {
        /// The policy's file name and the line of the rule.
        public var rule = ""
        /// The file of the key that signed, as the policy names it, and the SHA-256 of the key.
        public var key: String?
        public var fingerprint: Digest?
        /// The identity that signed, and who proved it.
        public var identity: String?
        public var issuer: String?
        /// What was signed: an index or a manifest; nil where the rule demands no signature.
        public var digest: Digest?

        public init() {}

        /// Who signed, for messages.
        public var text: String {
            if let key {
                return "signed by key '\(key)'" + (fingerprint.map { " (sha256:\($0.hex.prefix(16)))" } ?? "")
            }
            guard let identity else { return "accepted without a signature" }
            return "signed by '\(identity)'" + (issuer.map { " of \($0)" } ?? "")
        }
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
