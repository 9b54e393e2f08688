internal import Archive
public import Extents
internal import Glibc
internal import Progress

extension ContentStore {
    /// The layers of an image as uncompressed tars, lowest first. Each is decompressed once, and compared with its
    /// digest by each process that uses it.
    ///
    /// A damaged unpacked layer is made again from its blob. The blob's digest was verified when it was stored; it is
    /// verified again only when the diff ID is wrong, to tell a damaged file from a broken image.
    /// - Throws: `ContentError`; a damaged blob is removed, so that it is fetched again. `ContextError` says which
    ///   layer of which image it was.
    public func uncompressedLayers(of image: Image) throws -> [ExtentList] {
        try image.layers.enumerated().map { number, layer in
            let what = "layer \(number + 1) of \(image.layers.count) of image '\(image.name)'"
            do { return try uncompressedLayer(layer, called: what) } catch let error as ContentError
                where error.isDamage
            {
                throw ContextError("reading \(what)", error)
            }
        }
    }

    /// One layer as an uncompressed tar.
    public func uncompressedLayer(_ layer: Image.Layer) throws -> ExtentList {
        try uncompressedLayer(layer, called: "layer \(layer.digest.short)")
    }

    private func uncompressedLayer(_ layer: Image.Layer, called what: String) throws -> ExtentList {
        if layer.digest == layer.diffID { return try verifiedBlob(layer.digest) }
        let path = layerPath(layer.diffID)
        if try hasLayer(layer.diffID) {
            if try isWhole(path, layer.diffID) {
                FileUse.note(blobPath(layer.digest))
                let tar = try ExtentList(file: path)
                if tar.length > Self.largestKept { folder.note(large: layer.diffID) }
                return tar
            }
            try removeDamaged(path, layer.diffID)
        }
        guard try has(layer.digest, size: layer.size) else { throw ContentError.missing(layer.digest) }
        try progress.during(.unpack, what) { try unpack(layer, $0) }
        return try ExtentList(file: path)
    }

    private func unpack(_ layer: Image.Layer, _ step: Step) throws {
        let actual: Digest
        let (limit, isAbsolute) = largestLayer(blobSize: layer.size)
        let writer = try BlobWriter(in: temporaryPath, limit: limit)
        do {
            try Compression.decompress(ExtentList(file: blobPath(layer.digest)), limit: limit) {
                try writer.write($0)
                step.add($0.count)
            }
            actual = try writer.finish()
        } catch let error where !(error is FileError) {
            try removeIfDamaged(layer.digest)
            switch error {
            case CompressionError.tooLong, ContentError.tooLong:
                throw ContentError.layer(layer.digest, size: layer.size, limit: limit, isAbsolute: isAbsolute)
            default: throw ContextError("unpacking layer \(layer.digest)", error)
            }
        }
        guard actual == layer.diffID else {
            try removeIfDamaged(layer.digest)
            throw ContentError.diffID(expected: layer.diffID, actual: actual, blob: layer.digest)
        }
        try commit(writer, layer: layer.diffID)
    }

    /// Whether the store has an unpacked layer, whole. Its size is recorded next to it: after a loss of power a file
    /// may be shorter than what was written.
    public func hasLayer(_ diffID: Digest) throws -> Bool {
        guard let size = try HostFiles.size(layerPath(diffID)) else { return false }
        return try HostFiles.link(layerPath(diffID) + Self.sizeSuffix) == String(size)
    }

    /// The size of a layer is the text of a symbolic link: one step to write, one to read.
    private func commit(_ writer: BlobWriter, layer diffID: Digest) throws {
        let record = layerPath(diffID) + Self.sizeSuffix
        if try HostFiles.link(record) != String(writer.count) {
            unlink(record)
            guard symlink(String(writer.count), record) == 0 || errno == EEXIST else {
                throw FileError("create", record)
            }
        }
        try writer.commitContent(to: layerPath(diffID))
        folder.note(verified: layerPath(diffID))
        if writer.count > Self.largestKept { folder.note(large: diffID) }
    }

    /// Removes the unpacked layers that this process used, if they are large: what is made from them is in segments,
    /// and their blob is unpacked again when more is needed. Those stay that another process may be reading.
    /// - Throws: `FileError`.
    public func releaseLargeLayers() throws {
        let layers = folder.takeLarge()
        guard !layers.isEmpty else { return }
        try folder.alone { isAlone in
            guard isAlone else { return }
            for layer in layers {
                for path in [layerPath(layer), layerPath(layer) + Self.sizeSuffix]
                where unlink(path) != 0 && errno != ENOENT { throw FileError("remove", path) }
            }
        }
    }

    /// Layers of more bytes are kept unpacked for one build only: writing, verifying and reading one takes about as
    /// long as unpacking it, and it would double the store.
    static let largestKept: UInt64 = 64 << 20

    static let sizeSuffix = ".size"

    /// Deflate reaches 1032 times, so a larger ratio is an attack.
    static let largestRatio: UInt64 = 1100

    /// The largest size a blob of this store may unpack to, and whether that limit is absolute.
    private func largestLayer(blobSize: UInt64) -> (limit: UInt64, isAbsolute: Bool) {
        let relative = Self.largestUnpacked(size: blobSize)
        return relative <= layerLimit ? (relative, false) : (layerLimit, true)
    }

    /// The largest size that compressed bytes may unpack to: ``largestRatio`` times theirs, but at least 64 MiB.
    static func largestUnpacked(size: UInt64) -> UInt64 {
        let (product, overflow) = size.multipliedReportingOverflow(by: largestRatio)
        return overflow ? .max : max(64 << 20, min(product, Descriptor.largestSize))
    }

    /// - Throws: `ContentError.damaged` when the blob does not match its digest; it is removed.
    private func removeIfDamaged(_ digest: Digest) throws {
        guard try HostFiles.sha256(blobPath(digest)).hex != digest.hex else { return }
        try removeDamaged(blobPath(digest), digest)
        throw ContentError.damaged(digest)
    }
}

/// How a layer is compressed, by its first bytes (RFC 1952; RFC 8878).
enum LayerEncoding {
    case plain
    case gzip
    case zstd

    init(_ start: some Collection<UInt8>) {
        self =
            start.starts(with: [0x1f, 0x8b]) ? .gzip : start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? .zstd : .plain
    }

    /// - Throws: `FileError` when the file cannot be read: its media type would be wrong, and stored.
    init(file path: String) throws { self.init(try HostFiles.head(of: path, count: 4)) }

    /// What follows the media type of a layer.
    var suffix: String {
        switch self {
        case .plain: ""
        case .gzip: "+gzip"
        case .zstd: "+zstd"
        }
    }
}
