internal import Extents
internal import Progress

/// Something small that a registry keeps about an image, e.g. a signature.
public struct Attachment: Sendable {
    public let mediaType: String
    public let annotations: [String: String]
    public let bytes: [UInt8]
}

extension ImageProvider {
    /// The digests by which an image may be signed: of its platform's manifest, and of an index that leads to it. What
    /// its name means in the store may be another image: a lock can pin an older one.
    /// - Throws: `ManifestError`, `FileError`.
    public func digests(of image: Image) throws -> [Digest] {
        let pinned = options.pins[image.name]?.digest
        let named = try store.descriptor(named: image.name)?.digest
        let roots = try Set([pinned, named].compactMap(\.self)).filter { digest in
            guard digest != image.digest, let size = try HostFiles.size(store.blobPath(digest)) else { return false }
            let root = Descriptor(mediaType: "", digest: digest, size: size)
            return try store.manifest(below: root, platform: image.platform)?.0.digest == image.digest
        }
        return roots.sorted { $0.hex < $1.hex } + [image.digest]
    }

    /// The most bytes of an attachment that are read, and the most attachments of an image.
    private static var largestAttachment: UInt64 { 4 << 20 }
    private static var mostAttachments: Int { 64 }

    /// What the store has about an image: layers of the manifests that cosign's tag `sha256-HEX.sig` names, and of the
    /// image's referrers (distribution-spec, listing referrers).
    /// - Throws: `ManifestError`, `FileError`; `ContentError.missing` for one that was not fetched to its end.
    public func attachments(of digest: Digest, in reference: ImageReference) throws -> [Attachment] {
        let names = Self.attachmentTags(digest).map { "\(reference.name):\($0)" }
        let manifests = try names.flatMap { try store.descriptor(named: $0).map { try attached($0) } ?? [] }
        return try manifests.flatMap { manifest in
            try manifest.layers.filter { $0.size <= Self.largestAttachment }.map { layer in
                guard let bytes = try store.blob(layer.digest, limit: Self.largestAttachment) else {
                    throw ContentError.missing(layer.digest)
                }
                return Attachment(mediaType: layer.mediaType, annotations: layer.annotations ?? [:], bytes: bytes)
            }
        }
    }

    /// Fetches what a registry keeps about an image into the store.
    /// - Returns: false when pulling is off.
    /// - Throws: `RegistryError`, `ManifestError`, `ContentError`.
    public func fetchAttachments(of digest: Digest, in reference: ImageReference) async throws -> Bool {
        guard options.pull != .never, !reference.isLocal else { return false }
        try await fetch(Self.attachmentTags(digest), of: digest, in: reference)
        return true
    }

    /// The same with attestations and SBOMs.
    func fetchCompanions(of digest: Digest, in reference: ImageReference) async throws {
        try await fetch(Self.companionTags(digest), of: digest, in: reference)
    }

    private func fetch(_ tags: [String], of digest: Digest, in reference: ImageReference) async throws {
        try await ContextError.wrapping("fetching the signatures of '\(reference)'") {
            let client = try puller.client()
            let endpoints = client.endpoints(of: reference)
            for tag in tags {
                let isList = tag == Self.referrersTag(digest)
                let root =
                    isList
                    ? try await client.referrers(of: digest, reference.repository, from: endpoints)
                    : try await client.optionalManifest(tag, reference.repository, from: endpoints)
                guard let root else { continue }
                try await fetch(root, reference.repository, endpoints)
                try store.set("\(reference.name):\(tag)", to: root.descriptor)
            }
        }
    }

    /// Names that signatures of an image have in its repository: cosign's, and that of the list of referrers in
    /// registries without that request.
    private static func attachmentTags(_ digest: Digest) -> [String] {
        ["sha256-\(digest.hex).sig", referrersTag(digest)]
    }

    /// The list of referrers, where a registry does not answer a request for it.
    static func referrersTag(_ digest: Digest) -> String { "sha256-\(digest.hex)" }

    /// All that may accompany an image: cosign's signatures, attestations and SBOMs, and the list of referrers.
    static func companionTags(_ digest: Digest) -> [String] {
        ["sig", "att", "sbom"].map { "sha256-\(digest.hex).\($0)" } + [referrersTag(digest)]
    }

    private func attached(_ root: Descriptor) throws -> [Manifest] {
        switch try store.document(root) {
        case nil: throw ContentError.missing(root.digest)
        case .manifest(let manifest): return [manifest]
        case .index(let index):
            return try index.manifests.prefix(Self.mostAttachments).compactMap { entry in
                guard case .manifest(let manifest)? = try store.document(entry) else { return nil }
                return manifest
            }
        }
    }

    private func fetch(_ root: RegistryClient.Fetched, _ repository: String, _ endpoints: [Endpoint]) async throws {
        let client = try puller.client()
        var manifests: [Manifest] = []
        switch root.document {
        case .manifest(let manifest): manifests.append(manifest)
        case .index(let index):
            for entry in index.manifests.prefix(Self.mostAttachments) where MediaType.isManifest(entry.mediaType) {
                let fetched = try await client.manifest(entry.digest.description, repository, from: endpoints)
                guard case .manifest(let manifest) = fetched.document else { continue }
                _ = try store.ingest(fetched.bytes)
                manifests.append(manifest)
            }
        }
        let blobs = manifests.flatMap { [$0.config] + $0.layers }.filter { $0.size <= Self.largestAttachment }
        guard blobs.count <= 2 * Self.mostAttachments else {
            throw ManifestError("\(blobs.count) attachments; the limit is \(2 * Self.mostAttachments)")
        }
        for blob in blobs {
            try await store.progress.during(.download, "a signature of \(repository)", total: blob.size) { step in
                try await client.fetch(blob, repository, from: endpoints, into: store, step)
            }
        }
        _ = try store.ingest(root.bytes)
    }

    /// Sends a small artifact about an image to its registry: as a referrer, and in the list that registries without
    /// that request are asked for.
    /// - Parameters:
    ///   - subject: a manifest or index that the registry and the store have.
    ///   - mediaType: of the artifact and of its only layer.
    /// - Returns: the digest of the artifact's manifest.
    public func attach(
        _ bytes: [UInt8], mediaType: String, annotations: [String: String], to subject: Digest,
        in reference: ImageReference
    ) async throws -> Digest {
        try await ContextError.wrapping("attaching a signature to '\(reference)'") {
            let client = try puller.client()
            let endpoint = client.origin(of: reference.registry)
            let empty = Descriptor(
                mediaType: "application/vnd.oci.empty.v1+json", digest: try store.ingest(Array("{}".utf8)), size: 2)
            let layer = Descriptor(mediaType: mediaType, digest: try store.ingest(bytes), size: UInt64(bytes.count))
            var manifest = Manifest(config: empty, layers: [layer])
            manifest.artifactType = mediaType
            manifest.annotations = annotations
            manifest.subject = try descriptor(subject)
            let document = try JSONText.compact(manifest)
            var entry = Descriptor(
                mediaType: MediaType.manifest, digest: try store.ingest(document), size: UInt64(document.count))
            for blob in [empty, layer] {
                try await store.progress.during(.push, "a signature to \(reference)", total: blob.size) { step in
                    try await client.push(blob, to: reference.repository, at: endpoint, from: store, step)
                }
            }
            let name = entry.digest.description
            let knowsReferrers = try await client.push(
                entry, as: name, to: reference.repository, at: endpoint, from: store)
            entry.artifactType = mediaType
            entry.annotations = annotations
            if !knowsReferrers { try await list(entry, of: subject, in: reference, endpoint) }
            return entry.digest
        }
    }

    private func descriptor(_ digest: Digest) throws -> Descriptor {
        guard let bytes = try store.blob(digest, limit: ManifestDocument.largestSize) else {
            throw ContentError.missing(digest)
        }
        let type = try ManifestDocument(bytes, mediaType: nil).mediaType
        return Descriptor(mediaType: type, digest: digest, size: UInt64(bytes.count))
    }

    /// Adds a referrer to the list that clients keep for registries that do not (distribution-spec, referrers tag
    /// schema).
    func list(
        _ entry: Descriptor, of subject: Digest, in reference: ImageReference, _ endpoint: Endpoint
    ) async throws {
        let client = try puller.client()
        let tag = Self.referrersTag(subject)
        let old = try await client.optionalManifest(tag, reference.repository, from: [endpoint])
        var index = ImageIndex(manifests: [])
        if case .index(let found)? = old?.document { index = found }
        guard !index.manifests.contains(where: { $0.digest == entry.digest }) else { return }
        index.manifests.append(entry)
        let bytes = try JSONText.compact(index)
        let list = Descriptor(mediaType: MediaType.index, digest: try store.ingest(bytes), size: UInt64(bytes.count))
        _ = try await client.push(list, as: tag, to: reference.repository, at: endpoint, from: store)
    }
}

extension RegistryClient {
    /// A manifest or index; nil when no endpoint has it.
    func optionalManifest(_ reference: String, _ repository: String, from endpoints: [Endpoint]) async throws
        -> Fetched?
    {
        do { return try await manifest(reference, repository, from: endpoints) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The list of what refers to an image; nil when there is none.
    func referrers(of digest: Digest, _ repository: String, from endpoints: [Endpoint]) async throws -> Fetched? {
        do {
            return try await firstAnswer(of: endpoints) {
                try await document("referrers/\(digest)", repository, $0, expected: nil)
            }
        } catch {
            guard error.isNotFound else { throw error }
            return try await optionalManifest("sha256-\(digest.hex)", repository, from: endpoints)
        }
    }
}

extension Error {
    /// Whether a registry, the last that was asked, does not have it.
    var isNotFound: Bool {
        let last = (self as? MirrorsFailed)?.last ?? self
        return (last as? RegistryError)?.status == 404
    }
}
