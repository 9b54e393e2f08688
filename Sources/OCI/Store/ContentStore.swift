internal import Extents
internal import Glibc

/// An OCI image layout on disk with write-once blobs (image-spec, image-layout.md). Several processes may use it at once.
///
/// ```
/// oci-layout          marks the layout
/// index.json          derived from refs/, for other tools; never read
/// blobs/sha256/<hex>  content, complete and verified when it was put there
/// refs/<name>         the descriptor that a name stands for, one file each
/// layers/<hex>        uncompressed layers by diff ID; <hex>.size beside each
/// tmp/                files being written
/// ```
/// Every file appears by rename, whole. A file that is missing or has another size than its descriptor says counts as absent and is
/// fetched again. Other caches (`segments/`, `apt/`, …) live beside these.
public struct ContentStore: Sendable {
    /// The folder.
    public let path: String
    /// Most bytes that one layer may unpack to.
    public var layerLimit = defaultLayerLimit
    public static let defaultLayerLimit: UInt64 = 64 << 30

    /// Opens the store, making it when it is not there.
    /// - Throws: `FileError` when it cannot be made.
    public init(path: String) throws {
        self.path = path
        for folder in ["", "/blobs", "/blobs/sha256", "/refs", "/layers", "/tmp"] {
            try Self.makeDirectories("\(path)\(folder)")
        }
        guard access("\(path)/oci-layout", F_OK) != 0 else { return }
        try replace("oci-layout", with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        try writeIndex()
    }

    /// `--cache`, else `MOBY_CACHE`, else `$XDG_CACHE_HOME/moby`, else `~/.cache/moby`.
    public static func defaultPath(environment: [String: String]) -> String {
        if let path = environment["MOBY_CACHE"], !path.isEmpty { return path }
        // XDG base directory specification: a relative path is to be ignored.
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return "\(base)/moby" }
        return "\(environment["HOME"] ?? "/root")/.cache/moby"
    }

    /// Where a blob is, whether it is there or not.
    public func blobPath(_ digest: Digest) -> String { "\(path)/blobs/sha256/\(digest.hex)" }

    /// Where the uncompressed layer with a diff ID is, whether it is there or not.
    public func layerPath(_ diffID: Digest) -> String { "\(path)/layers/\(diffID.hex)" }

    var temporaryPath: String { "\(path)/tmp" }

    /// Puts a small file in place of what is there.
    func replace(_ name: String, with bytes: [UInt8]) throws {
        let writer = try BlobWriter(in: temporaryPath)
        try bytes.withUnsafeBytes { try writer.write($0) }
        try writer.commit(to: "\(path)/\(name)")
    }

    static func makeDirectories(_ path: String) throws {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw FileError("create", path) }
        try makeDirectories(String(path[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError("create", path) }
    }
}
