public import Archive
public import Extents

/// An OCI image layout being written (image-spec, image-layout.md): `oci-layout`, `index.json` and blobs.
public struct ImageLayout: Sendable {
    /// The bytes of `oci-layout`.
    static let marker = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    private var index = ImageIndex(manifests: [])
    private var blobs: [(digest: Digest, content: ExtentList)] = []
    /// Files of other formats in the same archive, written after `index.json`.
    var extras: [(path: TreePath, bytes: [UInt8])] = []

    public init() {}

    /// Adds an image of a store with all of its blobs, each compared with its digest.
    /// - Returns: its manifest.
    /// - Throws: `ContentError`, `ManifestError`, `FileError`.
    @discardableResult
    public mutating func add(_ image: Image, called name: String, of store: ContentStore) throws -> Manifest {
        let manifest = try add(partsOf: image, of: store)
        let size = try HostFiles.size(store.blobPath(image.digest)) ?? 0
        let descriptor = Descriptor(
            mediaType: manifest.mediaType ?? MediaType.manifest, digest: image.digest, size: size,
            platform: image.platform)
        add(manifest: descriptor.named(name))
        return manifest
    }

    /// Adds the blobs of an image, without a name.
    @discardableResult
    mutating func add(partsOf image: Image, of store: ContentStore) throws -> Manifest {
        let content = try store.verifiedBlob(image.digest)
        let bytes = try ExtentReader.bytes(of: content, limit: ManifestDocument.largestSize)
        guard case .manifest(let manifest) = try ManifestDocument(bytes, mediaType: nil) else {
            throw ManifestError("\(image.digest) is an index, expected a manifest")
        }
        for digest in Set([image.digest, manifest.config.digest] + manifest.layers.map(\.digest)).sorted(by: {
            $0.hex < $1.hex
        }) {
            add(digest, try store.verifiedBlob(digest))
        }
        return manifest
    }

    /// Adds an index of a store with all that it lists.
    /// - Throws: as ``add(_:called:of:)``; `ContentError.missing` when the store lacks a part.
    mutating func add(root: Descriptor, called name: String, of store: ContentStore) throws {
        let all = try store.closure(of: root)
        if let gone = all.missing.first { throw ContentError.missing(gone.digest) }
        for part in (all.documents + all.blobs).sorted(by: { $0.digest.hex < $1.digest.hex }) {
            add(part.digest, try store.verifiedBlob(part.digest))
        }
        add(manifest: Descriptor(mediaType: root.mediaType, digest: root.digest, size: root.size).named(name))
    }

    /// Adds a document as JSON.
    public mutating func add(_ document: some Encodable, mediaType: String) throws -> Descriptor {
        let bytes = try JSONText.compact(document)
        let digest = Digest(sha256: SHA256.hash(bytes))
        add(digest, ExtentList([.bytes(bytes)]))
        return Descriptor(mediaType: mediaType, digest: digest, size: UInt64(bytes.count))
    }

    /// Adds a blob as it is.
    public mutating func add(blob content: ExtentList, _ digest: Digest) { add(digest, content) }

    /// Adds a document of a store, as it is.
    /// - Throws: as ``add(_:called:of:)``.
    public mutating func add(document digest: Digest, of store: ContentStore) throws -> Descriptor {
        let content = try store.verifiedBlob(digest)
        let bytes = try ExtentReader.bytes(of: content, limit: ManifestDocument.largestSize)
        add(digest, content)
        return Descriptor(
            mediaType: try ManifestDocument(bytes, mediaType: nil).mediaType, digest: digest, size: content.length)
    }

    /// Says in `index.json` what the layout is.
    public mutating func annotate(_ annotations: [String: String]) { index.annotations = annotations }

    /// Lists a manifest in the index.
    public mutating func add(manifest descriptor: Descriptor) { index.manifests.append(descriptor) }

    private mutating func add(_ digest: Digest, _ content: ExtentList) {
        if !blobs.contains(where: { $0.digest == digest }) { blobs.append((digest, content)) }
    }

    /// Every entry in the order of an archive: small files, folders, blobs as they were added.
    public func files() throws -> [(path: TreePath, node: FileTree.Node)] {
        let small =
            [(TreePath("oci-layout"), Self.marker), (TreePath("index.json"), try JSONText.compact(index))] + extras
        return small.map { ($0.0, FileTree.Node(.regular(ExtentList([.bytes($0.1)])), mode: 0o644)) }
            + [TreePath("blobs"), TreePath("blobs/sha256")].map { ($0, FileTree.Node(.directory, mode: 0o755)) }
            + blobs.map { (Self.path(of: $0.digest), FileTree.Node(.regular($0.content), mode: 0o644)) }
    }

    /// The layout as a tree.
    public func tree() throws -> FileTree {
        var tree = FileTree()
        for (path, node) in try files() { tree.set(path, node) }
        return tree
    }

    /// Where a blob goes.
    public static func path(of digest: Digest) -> TreePath {
        guard let path = TreePath(name(of: digest).utf8) else { preconditionFailure("a digest is always a path") }
        return path
    }

    static func name(of digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }
}
