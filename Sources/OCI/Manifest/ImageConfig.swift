internal import Extents
internal import FoundationEssentials

/// An image's configuration: how to run it, its platform and layers (image-spec, config.md). Only the fields in use.
public struct ImageConfig: Codable, Sendable {
    /// How to run the image.
    public struct Execution: Codable, Sendable {
        public var user: String?
        public var env: [String]?
        public var entrypoint: [String]?
        public var cmd: [String]?
        public var workingDir: String?
        public var labels: [String: String]?
        /// `SIGQUIT`, `QUIT` or `3`.
        public var stopSignal: String?
        public var healthcheck: Healthcheck?

        enum CodingKeys: String, CodingKey {
            case user = "User", env = "Env", entrypoint = "Entrypoint", cmd = "Cmd", workingDir = "WorkingDir"
            case labels = "Labels", stopSignal = "StopSignal", healthcheck = "Healthcheck"
        }

        public init() {}
    }

    /// Docker's extension of the format: how to check a container (moby/docker-image-spec). Times are nanoseconds; 0 is
    /// the default.
    public struct Healthcheck: Codable, Sendable {
        /// `["NONE"]`, `["CMD", program, …]` or `["CMD-SHELL", command]`.
        public var test: [String]?
        public var interval: Int64?
        public var timeout: Int64?
        public var startPeriod: Int64?
        public var retries: Int?

        enum CodingKeys: String, CodingKey {
            case test = "Test", interval = "Interval", timeout = "Timeout", startPeriod = "StartPeriod"
            case retries = "Retries"
        }
    }

    /// The layers.
    public struct RootFS: Codable, Sendable {
        public var type = "layers"
        /// Digests of the uncompressed layers, lowest first.
        public var diffIDs: [String]

        enum CodingKeys: String, CodingKey { case type, diffIDs = "diff_ids" }

        init(diffIDs: [String]) { self.diffIDs = diffIDs }

        /// An image without layers may have no list of them.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            type = try values.decodeIfPresent(String.self, forKey: .type) ?? "layers"
            diffIDs = try values.decodeIfPresent([String].self, forKey: .diffIDs) ?? []
        }
    }

    /// Empty when missing, as old tools and those that import archives leave it.
    public var architecture: String
    public var os: String
    public var variant: String?
    public var config: Execution?
    public var rootfs: RootFS

    public init(platform: Platform, config: Execution, diffIDs: [Digest]) {
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant
        self.config = config
        rootfs = RootFS(diffIDs: diffIDs.map(\.description))
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let platform = try Platform(from: decoder)
        (os, architecture, variant) = (platform.os, platform.architecture, platform.variant)
        config = try values.decodeIfPresent(Execution.self, forKey: .config)
        rootfs = try values.decodeIfPresent(RootFS.self, forKey: .rootfs) ?? RootFS(diffIDs: [])
    }

    /// The platform it was built for.
    public var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }
}

extension ImageConfig {
    /// The most bytes of a configuration that are read.
    static let largestSize: UInt64 = 16 << 20

    /// Reads a configuration from exactly the bytes that were hashed.
    /// - Throws: `ManifestError` for anything but an image configuration, e.g. that of an artifact.
    /// - Parameter name: what messages call the document.
    package init(parsing bytes: [UInt8], name: String = "the configuration") throws {
        self = try ManifestError.decoding(name) { try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) }
    }

    /// - Throws: `ImageError` for a configuration above ``largestSize``.
    static func checkSize(_ descriptor: Descriptor) throws {
        guard descriptor.size > largestSize else { return }
        throw ImageError(
            "configuration \(descriptor.digest) has \(descriptor.size) bytes; the limit is \(largestSize)")
    }

    /// The layers of a manifest with the diff IDs of its configuration.
    package func layers(of manifest: Manifest) throws -> [Image.Layer] {
        guard manifest.layers.count == rootfs.diffIDs.count else {
            throw ManifestError.layers(manifest.layers.count, diffIDs: rootfs.diffIDs.count)
        }
        return try zip(manifest.layers, rootfs.diffIDs).enumerated().map { number, pair in
            Image.Layer(digest: pair.0.digest, size: pair.0.size, diffID: try Self.diffID(pair.1, number))
        }
    }

    /// - Throws: `ManifestError` with the location of the text.
    static func diffID(_ text: String, _ number: Int) throws -> Digest {
        guard let diffID = Digest(text) else {
            throw ManifestError(
                "rootfs.diff_ids[\(number)] '\(PlainText.short(text))' is not 'sha256:' with 64 digits 0-9 and a-f")
        }
        return diffID
    }
}
