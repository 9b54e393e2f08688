internal import Extents
internal import Glibc
public import Progress

/// An OCI image layout on disk with write-once blobs (image-spec, image-layout.md). Several processes may use it at
/// once.
///
/// ```
/// moby-store          marks the folder as moby's, with the version of this table
/// oci-layout          marks the layout
/// index.json          derived from refs/, for other tools; never read
/// blobs/sha256/<hex>  content, complete and verified when it was put there
/// refs/<name>         the descriptor of a name, one file each
/// layers/<hex>        uncompressed layers by diff ID, each with its size in a link <hex>.size
/// segments/           encoded segments, of the builder
/// tmp/                files being written, and beginnings of blobs whose download was interrupted
/// ```
/// Every file appears by rename, whole. A file with another size than its descriptor counts as missing and is fetched
/// again. Other caches (`apt/`, `debs/`) are in the same folder. Nothing is created before something is written.
public struct ContentStore: Sendable {
    let folder: StoreFolder
    /// Most bytes that one layer may unpack to.
    public var layerLimit = defaultLayerLimit
    public static let defaultLayerLimit: UInt64 = 64 << 30
    /// Whether stored layers and segments are compared with their checksums before they are used.
    public var verifies = true
    /// Where everything that works with the store reports what it does.
    public var progress = Reporter.silent

    /// The folder, as it was named.
    public var path: String { folder.path }
    /// The folder of the files: for a reader without a store a temporary one that is removed with the last copy of this
    /// value.
    public var root: String { folder.root }

    /// A store to write to, created when something is first written.
    /// - Throws: `StoreError` for a folder with other files, or the store of a newer moby; `FileError`.
    public init(path: String) throws { folder = try StoreFolder(path, .writing) }

    /// A store to read. A missing one reads as empty and is never created.
    /// - Throws: `StoreError` for the store of a newer moby; `FileError`.
    public init(reading path: String) throws { folder = try StoreFolder(path, .reading) }

    /// For commands about the store itself.
    /// - Throws: `StoreError` for a folder with other files, which reads as an empty store.
    public func checkIsStore() throws {
        if let error = folder.foreign { throw error }
    }

    /// Makes and marks the folder where that was not done, notes its use by this process, and removes what killed ones
    /// left.
    /// - Throws: `StoreError`, `FileError`.
    public func prepare() throws {
        try folder.prepare()
        guard try !HostFiles.exists("\(root)/oci-layout") else {
            if isIndexBehind { try writeIndex() }
            return
        }
        try replace("oci-layout", with: ImageLayout.marker)
        try writeIndex()
    }

    /// Damage found since this value was created. The files were removed; unpacked layers were made again.
    public var damage: [StoreDamage] { folder.damage }

    /// Notes damage in a cache that lives in the store.
    /// - Parameter file: as a path in the store.
    public func note(damaged file: String) { folder.note(StoreDamage(file: file, digest: nil)) }

    /// `--cache`, else `MOBY_CACHE`, else `$XDG_CACHE_HOME/moby`, else `~/.cache/moby`.
    public static func defaultPath(environment: [String: String]) -> String {
        if let path = environment["MOBY_CACHE"], !path.isEmpty { return path }
        // XDG base directory specification: a relative path is to be ignored.
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return "\(base)/moby" }
        return "\(environment["HOME"] ?? "/root")/.cache/moby"
    }

    /// The path of a blob, whether it exists or not.
    public func blobPath(_ digest: Digest) -> String { "\(root)/blobs/sha256/\(digest.hex)" }

    /// The path of the uncompressed layer with a diff ID, whether it exists or not.
    public func layerPath(_ diffID: Digest) -> String { "\(root)/layers/\(diffID.hex)" }

    /// The folder of files and folders that are being written, named `PID-…`.
    /// - Throws: as ``prepare()``.
    public var temporaryPath: String {
        get throws {
            try prepare()
            return "\(root)/tmp"
        }
    }

    /// Replaces a small file, in a store that was prepared.
    func replace(_ name: String, with bytes: [UInt8]) throws {
        let writer = try BlobWriter(in: "\(root)/tmp")
        try bytes.withUnsafeBytes { try writer.write($0) }
        try writer.commit(to: "\(root)/\(name)")
    }
}
