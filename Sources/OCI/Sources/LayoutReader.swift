internal import Extents
internal import FoundationEssentials

/// Reads an OCI image layout (image-spec, image-layout.md) into the store.
struct LayoutReader: Sendable {
    let source: any ByteSource
    let store: ContentStore
    let platform: Platform

    /// Copies what the platform's image needs and the store has not.
    /// - Parameters:
    ///   - wanted: a name in the layout or a digest; nil when there is only one.
    ///   - name: what the image is called.
    func image(_ wanted: String?, name: String) throws -> Image {
        try image(at: choose(wanted), name: name)
    }

    /// As ``image(_:name:)``.
    /// - Returns: what the layout's index says of it.
    func copy(_ wanted: String?) throws -> Descriptor {
        let root = try choose(wanted)
        _ = try image(at: root, name: wanted ?? "")
        return root
    }

    /// Every image for the platform, by what ``image(_:name:)`` wants, with its name.
    func names() throws -> [(wanted: String?, name: String?)] {
        let names = LayoutNames(try index())
        return try fitting(names.main).map { ($0.digest.description, LayoutNames.name(of: $0)) }
    }

    private func image(at root: Descriptor, name: String) throws -> Image {
        let manifest = try manifest(below: root)
        for layer in manifest.layers { try copy(layer) }
        guard let image = try store.image(root, name: name, platform: platform) else {
            throw ContentError.missing(manifest.config.digest)
        }
        return image
    }

    private func index() throws -> ImageIndex {
        guard let bytes = try source.bytes("index.json", limit: ManifestDocument.largestSize) else {
            throw ImageError("it has no 'index.json': it is not an OCI image layout")
        }
        return try ManifestError.naming("index.json") {
            guard case .index(let index) = try ManifestDocument(bytes, mediaType: MediaType.index) else {
                throw ManifestError("it is not an index")
            }
            return index
        }
    }

    private func choose(_ wanted: String?) throws -> Descriptor {
        let names = LayoutNames(try index())
        let candidates = wanted.map(names.named) ?? names.main
        guard !candidates.isEmpty else {
            throw names.error(
                wanted.map { "there is no image '\(PlainText.short($0))'" } ?? "there is no image", among: names.main)
        }
        let fitting = try fitting(candidates)
        if let first = fitting.first, fitting.allSatisfy({ $0.digest == first.digest }) { return first }
        throw names.error(
            wanted.map { "'\(PlainText.short($0))' is ambiguous" } ?? "there are several images", among: fitting)
    }

    /// Those for the platform. Of several without a name, what others are made of or are notes on is left out.
    /// - Throws: `ImageError` when there is none.
    private func fitting(_ candidates: [Descriptor]) throws -> [Descriptor] {
        var fitting = candidates.filter { $0.platform?.satisfies(platform) ?? true }
        guard !fitting.isEmpty || candidates.isEmpty else {
            throw ImageError.noPlatform(platform, available: candidates.compactMap(\.platform))
        }
        guard Set(fitting.map(\.digest)).count > 1, fitting.count <= Self.mostLookedAt else { return fitting }
        if fitting.allSatisfy({ LayoutNames.name(of: $0) == nil }) {
            let parts = try Set(fitting.flatMap { try self.parts($0) })
            fitting.removeAll { parts.contains($0.digest) }
        }
        let silent = fitting.filter { !$0.saysPlatform }
        let others = Set(try silent.filter { !(try isForPlatform($0)) }.map(\.digest))
        return others.count == fitting.count ? fitting : fitting.filter { !others.contains($0.digest) }
    }

    private static let mostLookedAt = 64

    /// What a candidate says is not an image of its own: what an index names, or a manifest that is a note on another.
    private func parts(_ candidate: Descriptor) throws -> [Digest] {
        try copy(candidate, isSmall: true)
        switch try? store.document(candidate) {
        case .index(let index): return index.manifests.map(\.digest)
        case .manifest(let manifest): return manifest.subject == nil ? [] : [candidate.digest]
        // Not an image at all.
        case nil: return [candidate.digest]
        }
    }

    private func isForPlatform(_ candidate: Descriptor) throws -> Bool {
        do {
            _ = try manifest(below: candidate)
            return true
        } catch is ImageError {
            return false
        } catch is ManifestError {
            return false
        }
    }

    /// The platform's manifest at or below a descriptor; it and its configuration are in the store.
    private func manifest(below root: Descriptor) throws -> Manifest {
        var search = ManifestSearch(root, for: platform)
        while let next = try search.next() {
            let descriptor = next.descriptor
            guard descriptor.size <= ManifestDocument.largestSize else {
                throw ImageError(
                    "manifest \(descriptor.digest) has \(descriptor.size) bytes, at most \(ManifestDocument.largestSize) are read"
                )
            }
            do {
                try copy(descriptor, isSmall: true)
                let document = try ManifestError.naming("manifest \(descriptor.digest)") {
                    try store.document(descriptor)
                }
                guard let document else { throw ContentError.missing(descriptor.digest) }
                guard let manifest = search.enter(document, of: next) else { continue }
                try ImageConfig.checkSize(manifest.config)
                try copy(manifest.config, isSmall: true)
                guard let bytes = store.blob(manifest.config.digest, limit: ImageConfig.largestSize) else {
                    throw ContentError.missing(manifest.config.digest)
                }
                let config = try ImageConfig(parsing: bytes, name: "configuration \(manifest.config.digest)")
                if search.takes(config, next) { return manifest }
            } catch let error as ManifestError {
                try search.skip(error)
            }
        }
        throw search.verdict
    }

    /// Blobs that the store has are not read again.
    /// - Parameter isSmall: whether the store's own is read, to see that it is whole.
    private func copy(_ descriptor: Descriptor, isSmall: Bool = false) throws {
        guard try isSmall ? !store.hasWhole(descriptor) : !store.has(descriptor) else { return }
        guard let content = try source.file("blobs/sha256/\(descriptor.digest.hex)") else {
            throw ImageError("blob \(descriptor.digest) is not there")
        }
        guard content.length == descriptor.size else {
            throw ContentError.size(descriptor.digest, expected: descriptor.size, actual: content.length)
        }
        let writer = try BlobWriter(in: store.temporaryPath, limit: descriptor.size)
        try ExtentReader.read(content, writer.write)
        try store.commit(writer, digest: descriptor.digest, size: descriptor.size)
    }
}

/// What the images of a layout are called (image-spec, annotations.md, `org.opencontainers.image.ref.name`).
///
/// Docker since version 25 and containerd write the whole name as `io.containerd.image.name`, and only the tag where
/// the specification has the name.
struct LayoutNames {
    private let all: [Descriptor]

    init(_ index: ImageIndex) { all = index.manifests }

    /// What may be meant without a name: where some have a name, the others are their parts or notes on them.
    var main: [Descriptor] {
        let named = all.filter { Self.name(of: $0) != nil }
        return named.isEmpty ? all : named
    }

    /// Those that a text may mean, by the closest way that there is: exactly a name or a digest; a name with what it
    /// leaves to defaults; the end of a name.
    func named(_ wanted: String) -> [Descriptor] {
        let exact = all.filter { $0.digest.description == wanted || Self.names($0).contains(wanted) }
        if !exact.isEmpty { return exact }
        let canonical = ContentStore.canonical(wanted)
        let meant = all.filter { Self.names($0).contains { ContentStore.canonical($0) == canonical } }
        if !meant.isEmpty { return meant }
        return all.filter {
            Self.names($0).contains { $0.hasSuffix("/\(wanted)") || $0.hasSuffix("/\(wanted):latest") }
        }
    }

    /// The name that tells most.
    static func name(of descriptor: Descriptor) -> String? { names(descriptor).first }

    private static func names(_ descriptor: Descriptor) -> [String] {
        [Descriptor.fullNameAnnotation, Descriptor.nameAnnotation].compactMap { descriptor.annotations?[$0] }
    }

    func error(_ found: String, among candidates: [Descriptor]) -> ImageError {
        let names = candidates.compactMap(Self.name)
        // Without names, or where names do not tell them apart, digests do.
        let shown = Set(names).count == candidates.count ? names : candidates.map(\.digest.description)
        return ImageError(
            "\(found)\n  available: \(ImageError.list(shown, none: "none"))\n  hint: put a name or a digest after the path, with a colon between"
        )
    }
}
