internal import Archive
public import Extents

/// An OCI image layout (image-spec, image-layout.md) in an uncompressed tar archive, read strictly: folders,
/// `oci-layout`, `index.json` and blobs, each once, and nothing else.
public struct LayoutArchive: Sendable {
    /// The bytes of `index.json`.
    public let index: [UInt8]
    private let blobs: [Digest: ExtentList]
    private let path: String

    /// In memory, for the names of an archive.
    private static let budget = 64 << 20

    /// - Throws: `ImageError` for anything but such an archive; `FileError`.
    public init(_ path: String) throws {
        self.path = path
        guard try HostFiles.size(path) != nil else {
            guard try HostFiles.exists(path) else { throw FileError("read", path, code: 2) }
            throw ImageError("'\(PlainText.short(path))' is not a regular file")
        }
        let entries: [Tar.Entry]
        do { entries = try Tar.list(try ExtentList(file: path), budget: Self.budget) } catch let error as LayerError {
            throw ImageError("'\(PlainText.short(path))' is not an intact tar archive: \(error)")
        }
        var (files, blobs): ([String: ExtentList], [Digest: ExtentList]) = ([:], [:])
        for entry in entries {
            let name = "\(entry.path)"
            func refuse(_ reason: String) -> ImageError {
                ImageError("'\(PlainText.short(path))' has \(reason) '\(PlainText.short(name))'")
            }
            switch entry.node.kind {
            case .directory where ["blobs", "blobs/sha256", ""].contains(name): continue
            case .regular(let content):
                let digest = name.hasPrefix("blobs/sha256/") ? Digest(sha256: String(name.dropFirst(13))) : nil
                let earlier =
                    if let digest { blobs.updateValue(content, forKey: digest) } else {
                        files.updateValue(content, forKey: name)
                    }
                guard earlier == nil else { throw refuse("a second file") }
                guard digest != nil || ["oci-layout", "index.json"].contains(name) else {
                    throw refuse("an unexpected file")
                }
            default: throw refuse("an unexpected entry")
            }
        }
        guard files["oci-layout"] != nil, let index = files["index.json"] else {
            throw ImageError("'\(PlainText.short(path))' is not an OCI image layout: it has no 'index.json'")
        }
        guard index.length <= ManifestDocument.largestSize else {
            throw ImageError("'index.json' has \(index.length) bytes; the limit is \(ManifestDocument.largestSize)")
        }
        self.index = try ExtentReader.bytes(of: index, limit: ManifestDocument.largestSize)
        self.blobs = blobs
    }

    /// A blob of the size in its descriptor; its bytes are not compared with its digest.
    /// - Throws: `ImageError` for a missing blob; `ContentError.size`.
    public func blob(_ descriptor: Descriptor) throws -> ExtentList {
        guard let content = blobs[descriptor.digest] else {
            throw ImageError("'\(PlainText.short(path))' has no blob \(descriptor.digest)")
        }
        guard content.length == descriptor.size else {
            throw ContentError.size(descriptor.digest, expected: descriptor.size, actual: content.length)
        }
        return content
    }

    /// A small blob, compared with its digest.
    /// - Throws: as ``blob(_:)``; `ContentError.digest`; `ImageError` for more than `limit` bytes.
    public func bytes(_ descriptor: Descriptor, limit: UInt64) throws -> [UInt8] {
        let content = try blob(descriptor)
        guard content.length <= limit else {
            throw ImageError("blob \(descriptor.digest) has \(content.length) bytes; the limit is \(limit)")
        }
        let bytes = try ExtentReader.bytes(of: content, limit: limit)
        let actual = Digest(sha256: SHA256.hash(bytes))
        guard actual == descriptor.digest else {
            throw ContentError.digest(expected: descriptor.digest, actual: actual, size: descriptor.size)
        }
        return bytes
    }

    /// Copies a blob to a file, compared with its digest.
    /// - Throws: as ``bytes(_:limit:)``.
    public func write(_ descriptor: Descriptor, to file: String) throws {
        let content = try blob(descriptor)
        let hash = SHA256()
        try ExtentWriter.stream(to: file, mode: 0o600) { sink in
            try ExtentReader.read(content) {
                hash.update($0)
                try sink.write($0)
            }
        }
        let actual = Digest(sha256: hash.finalize())
        guard actual == descriptor.digest else {
            throw ContentError.digest(expected: descriptor.digest, actual: actual, size: descriptor.size)
        }
    }

    /// Copies an image for one platform into a store, every blob compared with its digest, and names it by its digest:
    /// no other name of the store changes.
    /// - Parameters:
    ///   - name: a reference without a digest, or with that of `root`; or a local source, which gets no name.
    ///   - root: an index or a manifest, from which `manifest` is reached.
    /// - Throws: as ``bytes(_:limit:)``; `ManifestError`; `ImageError` when the root does not lead to the manifest.
    public func install(
        _ name: String, root: Descriptor, manifest: Descriptor, for platform: Platform, into store: ContentStore
    ) throws {
        for document in Set([root, manifest]) {
            _ = try store.ingest(try bytes(document, limit: ManifestDocument.largestSize))
        }
        guard case .manifest(let parts)? = try store.document(manifest) else {
            throw ImageError("\(manifest.digest) is not the manifest of an image")
        }
        try ImageConfig.checkSize(parts.config)
        for part in [parts.config] + parts.layers where try !store.has(part) {
            try store.copy(try blob(part), as: part)
        }
        guard let image = try store.image(root, name: name, platform: platform), image.digest == manifest.digest else {
            throw ImageError("image '\(PlainText.short(name))': \(root.digest) does not lead to \(manifest.digest)")
        }
        // A local source has no name of its own.
        guard !ImageSource.isLocal(name) else { return }
        let hasDigest = try ImageReference(name).digest != nil
        try store.set(hasDigest ? name : "\(name)@\(root.digest)", to: root)
    }
}
