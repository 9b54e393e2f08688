internal import Archive
internal import Extents
internal import FoundationEssentials
internal import MobySpec
public import OCI
internal import Progress

/// Writes everything that a build needs into one file: an OCI image layout in a tar archive. The same inputs give the
/// same bytes.
public struct BundleWriter {
    private let store: ContentStore
    private var layout = ImageLayout()
    private var contents: BundleContents
    private var files: [Descriptor] = []

    /// - Parameters:
    ///   - name: prefix of the outputs' names.
    ///   - lock: text of the lock.
    ///   - specs: names and texts of the spec files, in order.
    public init(
        of store: ContentStore, name: String, lock: String, specs: [(name: String, text: String)],
        variables: [String: String], expandsAll: Bool
    ) {
        self.store = store
        func file(_ name: String) -> BundleContents.File {
            BundleContents.File(
                name: name,
                content: Descriptor(
                    mediaType: BundleContents.fileType, digest: Digest(sha256: SHA256.hash([])), size: 0))
        }
        contents = BundleContents(
            name: name, lock: file(name + ".lock.yml"), specs: [], variables: variables, expandsAll: expandsAll,
            files: [], images: [])
        contents.lock = add(contents.lock.name, ExtentList(bytes: Array(lock.utf8)), Self.digest(lock))
        contents.specs = specs.map { add($0.name, ExtentList(bytes: Array($0.text.utf8)), Self.digest($0.text)) }
    }

    private static func digest(_ text: String) -> Digest { Digest(sha256: SHA256.hash(Array(text.utf8))) }

    /// Adds a file of this machine.
    /// - Throws: `Diagnostic` for one that cannot be used; nothing is added for one that does not exist.
    public mutating func add(_ input: HostInput) throws {
        guard let digest = try input.digest() else { return }
        contents.files.append(add(input.source, try HostFile.read(input.path), digest))
    }

    /// Adds an image of the store.
    /// - Parameters:
    ///   - name: as a build names it.
    ///   - root: what the name means; nil for the image's own manifest.
    public mutating func add(_ image: Image, called name: String, root: Digest?) throws {
        try layout.add(image, called: name, of: store)
        let manifest = try layout.add(document: image.digest, of: store)
        let top = try root.map { try layout.add(document: $0, of: store) } ?? manifest
        if top != manifest { files.append(top) }
        contents.images.append(
            BundleContents.Image(name: name, platform: image.platform.description, root: top, manifest: manifest))
    }

    /// Writes the archive, whole or not at all.
    /// - Throws: `ContentError` for damaged blobs of the store; `FileError`.
    public mutating func write(to path: String) throws {
        var seen: Set<Digest> = []
        let manifest = BundleManifest(
            config: try layout.add(contents, mediaType: BundleContents.configType),
            layers: files.filter { seen.insert($0.digest).inserted })
        layout.add(manifest: try layout.add(manifest, mediaType: MediaType.manifest))
        layout.annotate([BundleContents.annotation: "\(contents.version)"])
        let entries = try layout.files()
        PartialFiles.removeAbandoned(of: [path])
        let size = entries.reduce(0) { $0 + $1.node.length }
        try store.progress.during(.write, "'\(PlainText.short(path))'", total: size, isMajor: true) { step in
            try ExtentWriter.stream(to: path) { sink in
                try TarWriter.write(
                    to: {
                        try sink.write($0)
                        step.add($0.count)
                    },
                    { tar in for (path, node) in entries { try tar.add(path, node) } })
            }
        }
    }

    private mutating func add(_ name: String, _ content: ExtentList, _ digest: Digest) -> BundleContents.File {
        layout.add(blob: content, digest)
        let descriptor = Descriptor(mediaType: BundleContents.fileType, digest: digest, size: content.length)
        var titled = descriptor
        titled.annotations = [BundleContents.title: name]
        files.append(titled)
        return BundleContents.File(name: name, content: descriptor)
    }
}

extension FileTree.Node {
    fileprivate var length: UInt64 {
        if case .regular(let content) = kind { content.length } else { 0 }
    }
}
