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
            case user = "User", env = "Env", entrypoint = "Entrypoint", cmd = "Cmd", workingDir = "WorkingDir", labels =
                "Labels"
        }

        public init() {}
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

    /// Empty when it is not said, as old tools and those that import archives leave it.
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
