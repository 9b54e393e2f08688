/// What an image says of itself and of how to run it (image-spec, config.md). Only the fields that are used.
public struct ImageConfig: Codable, Sendable {
    /// How to run the image.
    public struct Execution: Codable, Sendable {
        public var user: String?
        public var env: [String]?
        public var entrypoint: [String]?
        public var cmd: [String]?
        public var workingDir: String?
        public var labels: [String: String]?

        enum CodingKeys: String, CodingKey {
            case user = "User", env = "Env", entrypoint = "Entrypoint", cmd = "Cmd", workingDir = "WorkingDir", labels = "Labels"
        }

        public init() {}
    }

    /// The layers.
    public struct RootFS: Codable, Sendable {
        public var type = "layers"
        /// Digests of the uncompressed layers, lowest first.
        public var diffIDs: [String]

        enum CodingKeys: String, CodingKey { case type, diffIDs = "diff_ids" }
    }

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

    /// The platform it was built for.
    public var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }
}
