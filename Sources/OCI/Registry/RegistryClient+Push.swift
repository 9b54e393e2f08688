internal import HTTP

extension RegistryClient {
    /// Sends a blob of the store in one piece, unless the registry has it.
    func push(_ blob: Descriptor, to repository: String, at endpoint: Endpoint, from store: ContentStore) async throws {
        let scope = Scope(endpoint: endpoint, repository: repository, actions: "pull,push")
        let head = HTTPRequest("HEAD", try endpoint.url(repository, "blobs/\(blob.digest)"))
        // Some registries do not know HEAD; the blob is sent then, whether they have it or not.
        let found = try await send(head, scope, into: BufferSink(limit: 64 << 10), accepting: [404, 405, 501])
        if found.isSuccess { return }
        let post = HTTPRequest("POST", try endpoint.url(repository, "blobs/uploads/"), body: .bytes([]))
        let started = try await send(post, scope, into: BufferSink(limit: 64 << 10))
        guard let location = started.headers["Location"], let place = post.url.resolving(location),
            let url = WebURL(
                "\(place.text)\(place.text.contains("?") ? "&" : "?")digest=\(WebURL.percentEncoded(blob.digest.description))"
            )
        else { throw RegistryError(post, "the registry does not say where to send the blob") }
        var put = HTTPRequest("PUT", url, body: .file(path: store.blobPath(blob.digest), size: blob.size))
        put.headers["Content-Type"] = "application/octet-stream"
        let sink = BufferSink(limit: 64 << 10)
        // A place at another host has its own signature in the URL: our authorization is not for it.
        if url.origin == post.url.origin {
            _ = try await send(put, scope, into: sink)
        } else {
            try await sendUnauthorized(put, into: sink)
        }
    }

    /// Sends a manifest or index whose content is there already.
    /// - Parameter reference: a tag or the digest.
    func push(
        _ document: Descriptor, as reference: String, to repository: String, at endpoint: Endpoint,
        from store: ContentStore
    ) async throws {
        guard let bytes = store.blob(document.digest, limit: ManifestDocument.largestSize) else {
            throw ContentError.missing(document.digest)
        }
        var put = HTTPRequest("PUT", try endpoint.url(repository, "manifests/\(reference)"), body: .bytes(bytes))
        put.headers["Content-Type"] = try ManifestDocument(bytes, mediaType: document.mediaType).mediaType
        let scope = Scope(endpoint: endpoint, repository: repository, actions: "pull,push")
        _ = try await send(put, scope, into: BufferSink(limit: 64 << 10))
    }
}
