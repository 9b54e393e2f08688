internal import Extents
internal import HTTP
internal import Progress

extension RegistryClient {
    /// Fetches a blob into the store and verifies its digest and size. A download that was cut is resumed where it
    /// ended, also one of an earlier process.
    /// - Parameter step: counts the bytes.
    func fetch(
        _ blob: Descriptor, _ repository: String, from endpoints: [Endpoint], into store: ContentStore, _ step: Step
    ) async throws {
        guard try !store.has(blob) else { return step.skip(blob.size) }
        let writer = try store.writer(for: blob)
        let resumed = writer.count
        step.skip(resumed)
        do {
            try await firstAnswer(of: endpoints) { endpoint in
                try await self.download(blob, Scope(endpoint: endpoint, repository: repository), into: writer, step)
                do { try store.commit(writer, digest: blob.digest, size: blob.size) } catch let error as ContentError {
                    // The next endpoint, or this one, starts at the first byte.
                    try writer.restart()
                    guard resumed > 0 else { throw error }
                    try await self.download(
                        blob, Scope(endpoint: endpoint, repository: repository), into: writer, step)
                    try store.commit(writer, digest: blob.digest, size: blob.size)
                }
            }
        } catch {
            // Wrong bytes, and those that filled the disk, are of no use later.
            if error is ContentError || error is FileError || writer.count == 0 { writer.discard() }
            throw error
        }
    }

    private func download(_ blob: Descriptor, _ scope: Scope, into writer: BlobWriter, _ step: Step) async throws {
        // An earlier process ended between the last byte and the check.
        guard writer.count < blob.size || blob.size == 0 else { return }
        let plain = HTTPRequest("GET", try scope.endpoint.url(scope.repository, "blobs/\(blob.digest)"))
        // Cleared when the server does not do with ranges what it should: then each try begins at the first byte.
        var resumes = true
        // The most that any try has reached: bytes that come a second time are no progress.
        var furthest: UInt64 = 0
        try await policy(scope).retrying { state in
            var request = plain
            if !resumes { try writer.restart() }
            let start = writer.count
            if start > 0 { request.headers["Range"] = "bytes=\(start)-" }
            let sink = DownloadSink(writer, step)
            do {
                try await oneTry(request) {
                    let answer = try await authorized(request, scope, into: sink)
                    if answer.response.isSuccess { return }
                    let error = await failure(request, answer, body: sink.page.bytes, scope)
                    guard start > 0, answer.response.status == 416 else { throw FailedTry(error, answer.response) }
                    resumes = false
                    throw FailedTry(error, isTransient: true, answer.response)
                }
            } catch let wrong as WrongRange {
                resumes = false
                throw FailedTry(RegistryError(request, "\(wrong)"), isTransient: start > 0)
            } catch let failed as FailedTry {
                if writer.count >= furthest + Self.leastProgress(blob.size) {
                    furthest = writer.count
                    state.progress()
                }
                throw failed
            }
        }
    }

    /// How many bytes a try that was cut must have brought for the count of tries to begin again: a megabyte, or a
    /// sixteenth of a small blob.
    private static func leastProgress(_ size: UInt64) -> UInt64 { min(1 << 20, max(1, size / 16)) }
}

/// A part of a blob came, but not the one that was requested.
private struct WrongRange: Error, CustomStringConvertible {
    let range: String?

    var description: String {
        "206 with Content-Range \(range.map { "'\(PlainText.short($0))'" } ?? "missing"), which was not requested"
    }
}

/// Bytes of a blob go to a file, those of an error into memory.
private final class DownloadSink: HTTPBodySink {
    private let writer: BlobWriter
    let page = BufferSink(limit: 64 << 10)
    private let step: Step
    private nonisolated(unsafe) var isBlob = false

    init(_ writer: BlobWriter, _ step: Step) { (self.writer, self.step) = (writer, step) }

    func begin(_ response: HTTPResponse) throws {
        page.begin(response)
        isBlob = response.isSuccess
        guard isBlob else { return }
        let range = response.headers["Content-Range"] ?? ""
        if response.status == 206, range.hasPrefix("bytes \(writer.count)-") { return }
        guard response.status != 206 || range.hasPrefix("bytes 0-") else {
            throw WrongRange(range: response.headers["Content-Range"])
        }
        try writer.restart()
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        guard isBlob else { return try page.receive(bytes) }
        try writer.write(bytes)
        step.set(writer.count)
    }
}

extension RegistryClient {
    /// Sends a blob of the store in one piece, unless the registry has it.
    /// - Parameters:
    ///   - source: another repository of the registry that may have the blob.
    ///   - step: counts the bytes.
    func push(
        _ blob: Descriptor, to repository: String, at endpoint: Endpoint, from store: ContentStore,
        mountedFrom source: String? = nil, _ step: Step
    ) async throws {
        _ = try await push(
            blob, file: store.blobPath(blob.digest), to: repository, at: endpoint, mountedFrom: source, step)
    }

    /// Sends a file as a blob in one piece, unless the registry has it.
    /// - Returns: whether it was sent.
    func push(
        _ blob: Descriptor, file: String, to repository: String, at endpoint: Endpoint,
        mountedFrom source: String? = nil, _ step: Step
    ) async throws -> Bool {
        let scope = Scope(endpoint: endpoint, repository: repository, actions: "pull,push")
        let head = HTTPRequest("HEAD", try endpoint.url(repository, "blobs/\(blob.digest)"))
        // Some registries do not know HEAD; the blob is sent then, whether they have it or not.
        let found = try await send(head, scope, into: BufferSink(limit: 64 << 10), accepting: [404, 405, 501])
        if found.isSuccess {
            step.skip(blob.size)
            return false
        }
        let post = HTTPRequest("POST", try endpoint.url(repository, "blobs/uploads/"), body: .bytes([]))
        let started: HTTPResponse
        if let source, let mounted = try await mount(blob, from: source, scope) {
            if mounted.status == 201 {
                step.skip(blob.size)
                return false
            }
            started = mounted
        } else {
            started = try await send(post, scope, into: BufferSink(limit: 64 << 10))
        }
        guard let location = started.headers["Location"], let target = post.url.resolving(location),
            let url = WebURL(
                "\(target.text)\(target.text.contains("?") ? "&" : "?")digest=\(WebURL.percentEncoded(blob.digest.description))"
            )
        else { throw RegistryError(post, "no usable 'Location' to send the blob to") }
        var put = HTTPRequest("PUT", url, body: .file(path: file, size: blob.size))
        put.headers["Content-Type"] = "application/octet-stream"
        put.sent = { step.add($0) }
        let sink = BufferSink(limit: 64 << 10)
        // A URL at another host is signed itself and must not get the authorization.
        if url.origin == post.url.origin {
            _ = try await send(put, scope, into: sink)
        } else {
            try await sendUnauthorized(put, into: sink)
        }
        return true
    }

    /// Asks the registry to take a blob over from another repository (distribution-spec, mounting a blob).
    /// - Returns: an answer with 201 when it did, with 202 when it began an upload instead; nil when it refuses.
    private func mount(_ blob: Descriptor, from source: String, _ scope: Scope) async throws -> HTTPResponse? {
        let path =
            "blobs/uploads/?mount=\(WebURL.percentEncoded(blob.digest.description))&from=\(WebURL.percentEncoded(source))"
        let post = HTTPRequest("POST", try scope.endpoint.url(scope.repository, path), body: .bytes([]))
        var scope = scope
        scope.source = source
        let refusals: Set = [400, 401, 403, 404, 405]
        do {
            let answer = try await send(post, scope, into: BufferSink(limit: 64 << 10), accepting: refusals)
            return refusals.contains(answer.status) ? nil : answer
        } catch let error as RegistryError where error.status.map(refusals.contains) == true {
            // The token server did not want to.
            return nil
        }
    }

    /// Sends a manifest or index whose content the registry already has.
    /// - Parameter reference: a tag or the digest.
    /// - Returns: whether the registry lists it as a referrer of its subject (distribution-spec, pushing manifests with
    ///   subject).
    @discardableResult
    func push(
        _ document: Descriptor, as reference: String, to repository: String, at endpoint: Endpoint,
        from store: ContentStore
    ) async throws -> Bool {
        guard let bytes = try store.blob(document.digest, limit: ManifestDocument.largestSize) else {
            throw ContentError.missing(document.digest)
        }
        var put = HTTPRequest("PUT", try endpoint.url(repository, "manifests/\(reference)"), body: .bytes(bytes))
        put.headers["Content-Type"] = try ManifestDocument(bytes, mediaType: document.mediaType).mediaType
        let scope = Scope(endpoint: endpoint, repository: repository, actions: "pull,push")
        let response = try await send(put, scope, into: BufferSink(limit: 64 << 10))
        return response.headers["OCI-Subject"] != nil
    }
}
