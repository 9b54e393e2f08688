internal import Extents
internal import FoundationEssentials

/// Reads an OCI image layout (image-spec, image-layout.md) into the store.
struct LayoutReader: Sendable {
    let source: any ByteSource
    let store: ContentStore
    let platform: Platform

    /// Copies what the platform's image needs and the store lacks.
    /// - Parameters:
    ///   - wanted: a name in the layout or a digest; nil when there is only one.
    ///   - name: of the image.
    func image(_ wanted: String?, name: String) throws -> Image {
        try image(at: choose(wanted), name: name)
    }

    /// As ``image(_:name:)``, for several platforms.
    /// - Returns: its descriptor in the layout's index.
    func copy(_ wanted: String?, for platforms: PlatformChoice) throws -> Descriptor {
        guard case .these(let platforms) = platforms else {
            let names = LayoutNames(try index())
            guard let root = (wanted.map(names.named) ?? names.main).first else {
                throw names.error("no image", among: names.main)
            }
            try copyAll(root, depth: 0)
            return root
        }
        var root: Descriptor?
        for platform in platforms {
            let reader = LayoutReader(source: source, store: store, platform: platform)
            let chosen = try reader.choose(wanted)
            _ = try reader.image(at: chosen, name: wanted ?? "")
            root = root ?? chosen
        }
        guard let root else { throw ImageError("no platform") }
        return root
    }

    /// Every image for the platforms: the argument of ``image(_:name:)``, and its name.
    func names(for platforms: PlatformChoice) throws -> [(wanted: String?, name: String?)] {
        let names = LayoutNames(try index())
        var found: [Descriptor] = []
        switch platforms {
        case .all: found = names.main
        case .these(let platforms):
            for platform in platforms {
                let reader = LayoutReader(source: source, store: store, platform: platform)
                found += try reader.fitting(names.main).filter { !found.contains($0) }
            }
        }
        return found.map { ($0.digest.description, LayoutNames.name(of: $0)) }
    }

    /// Copies a document with everything below it.
    private func copyAll(_ root: Descriptor, depth: Int) throws {
        guard depth <= ContentStore.deepestIndex else {
            throw ImageError("its indexes are nested more than \(ContentStore.deepestIndex) deep")
        }
        try copy(root, isSmall: true)
        switch try store.document(root) {
        case nil: throw ContentError.missing(root.digest)
        case .index(let index): for entry in index.manifests { try copyAll(entry, depth: depth + 1) }
        case .manifest(let manifest): for blob in [manifest.config] + manifest.layers { try copy(blob) }
        }
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
            throw ImageError("not an OCI image layout: it has no 'index.json'")
        }
        return try ManifestError.naming("index.json") {
            guard case .index(let index) = try ManifestDocument(bytes, mediaType: MediaType.index) else {
                throw ManifestError("not an index")
            }
            return index
        }
    }

    private func choose(_ wanted: String?) throws -> Descriptor {
        let names = LayoutNames(try index())
        let candidates = wanted.map(names.named) ?? names.main
        guard !candidates.isEmpty else {
            throw names.error(
                wanted.map { "no image '\(PlainText.short($0))'" } ?? "no image", among: names.main)
        }
        let fitting = try fitting(candidates)
        if let first = fitting.first, fitting.allSatisfy({ $0.digest == first.digest }) { return first }
        throw names.error(
            wanted.map { "'\(PlainText.short($0))' is ambiguous" } ?? "it has several images", among: fitting)
    }

    /// Those for the platform. Of several without a name, parts of others and notes on others are left out.
    /// - Throws: `ImageError` when there is none.
    private func fitting(_ candidates: [Descriptor]) throws -> [Descriptor] {
        var fitting = candidates.filter { $0.platform?.satisfies(platform) ?? true }
        guard !fitting.isEmpty || candidates.isEmpty else {
            throw ImageError.noPlatform(platform, available: candidates.compactMap(\.platform))
        }
        guard Set(fitting.map(\.digest)).count > 1, fitting.count <= Self.mostCandidates else { return fitting }
        if fitting.allSatisfy({ LayoutNames.name(of: $0) == nil }) {
            let parts = try Set(fitting.flatMap { try self.parts($0) })
            fitting.removeAll { parts.contains($0.digest) }
        }
        let silent = fitting.filter { !$0.hasPlatform }
        let others = Set(try silent.filter { !(try isForPlatform($0)) }.map(\.digest))
        return others.count == fitting.count ? fitting : fitting.filter { !others.contains($0.digest) }
    }

    private static let mostCandidates = 64

    /// Digests that a candidate shows not to be images of their own: those in an index, or a manifest that is a note.
    private func parts(_ candidate: Descriptor) throws -> [Digest] {
        try copy(candidate, isSmall: true)
        do {
            switch try store.document(candidate) {
            case .index(let index): return index.manifests.map(\.digest)
            case .manifest(let manifest): return manifest.subject == nil ? [] : [candidate.digest]
            case nil: return [candidate.digest]
            }
        } catch is ManifestError {
            // Not an image at all.
            return [candidate.digest]
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
                    "manifest \(descriptor.digest) has \(descriptor.size) bytes; the limit is \(ManifestDocument.largestSize)"
                )
            }
            do {
                try copy(descriptor, isSmall: true)
                let document = try ManifestError.naming("manifest \(descriptor.digest)") {
                    try store.document(descriptor)
                }
                guard let document else { throw ContentError.missing(descriptor.digest) }
                guard let manifest = try search.enter(document, of: next) else { continue }
                try ImageConfig.checkSize(manifest.config)
                try copy(manifest.config, isSmall: true)
                guard let bytes = try store.blob(manifest.config.digest, limit: ImageConfig.largestSize) else {
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
            throw ImageError("blob \(descriptor.digest) is missing")
        }
        guard content.length == descriptor.size else {
            throw ContentError.size(descriptor.digest, expected: descriptor.size, actual: content.length)
        }
        try store.copy(content, as: descriptor)
    }
}

/// Names of the images of a layout (image-spec, annotations.md, `org.opencontainers.image.ref.name`).
///
/// Docker since version 25 and containerd write the whole name as `io.containerd.image.name`, and only the tag where
/// the specification has the name.
struct LayoutNames {
    private let all: [Descriptor]

    init(_ index: ImageIndex) { all = index.manifests }

    /// The candidates without a name: where some have a name, the others are their parts or notes on them.
    var main: [Descriptor] {
        let named = all.filter { Self.name(of: $0) != nil }
        return named.isEmpty ? all : named
    }

    /// Those that a text may mean, by the closest match: a name or digest itself; a name with its defaults filled in;
    /// the end of a name.
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

    /// The most complete name.
    static func name(of descriptor: Descriptor) -> String? { names(descriptor).first }

    private static func names(_ descriptor: Descriptor) -> [String] {
        [Descriptor.fullNameAnnotation, Descriptor.nameAnnotation].compactMap { descriptor.annotations?[$0] }
    }

    func error(_ found: String, among candidates: [Descriptor]) -> ImageError {
        let names = candidates.compactMap(Self.name)
        // Digests where names are missing or equal.
        let shown = Set(names).count == candidates.count ? names : candidates.map(\.digest.description)
        return ImageError(
            "\(found)\n  available: \(ImageError.list(shown, none: "none"))",
            hint: "append one of them to the path, after a colon")
    }
}
