internal import Extents
internal import HTTP

extension RegistryClient {
    /// A manifest or index as it came.
    struct Fetched: Sendable {
        let descriptor: Descriptor
        let bytes: [UInt8]
        let document: ManifestDocument
        /// Where it came from.
        let endpoint: Endpoint
    }

    /// Asks the endpoints one after another.
    /// - Parameter reference: a tag or a digest.
    func manifest(_ reference: String, _ repository: String, from endpoints: [Endpoint]) async throws -> Fetched {
        try await firstAnswer(of: endpoints) { try await self.manifest(reference, repository, endpoint: $0) }
    }

    /// The answer of the first endpoint that has one; else the error of the last, with those of the others in short.
    func firstAnswer<Answer>(of endpoints: [Endpoint], _ ask: (Endpoint) async throws -> Answer) async throws -> Answer
    {
        var failures: [String] = []
        for (number, endpoint) in endpoints.enumerated() {
            do {
                return try await ask(endpoint)
            } catch let error where !(error is CancellationError) && !Task.isCancelled {
                if number == endpoints.count - 1 {
                    let isAlone = failures.isEmpty && !endpoint.isMirror
                    throw isAlone ? error : MirrorsFailed(failures: failures, last: error, isMirror: endpoint.isMirror)
                }
                failures.append("mirror \(endpoint.base): \(error)")
            }
        }
        preconditionFailure("no endpoints")
    }

    /// What came instead of a document: a captive portal answers every request with a page of its own.
    private static func summary(_ response: HTTPResponse, _ bytes: [UInt8]) -> String {
        let type = response.headers["Content-Type"].map { "'\(PlainText.short($0))'" } ?? "no content type"
        return "status \(response.status), \(bytes.count) bytes of \(type)"
    }

    /// The bytes of a document that need not be of an image, its digest verified.
    func document(_ descriptor: Descriptor, _ repository: String, from endpoints: [Endpoint]) async throws -> [UInt8] {
        try await firstAnswer(of: endpoints) { endpoint in
            var request = HTTPRequest("GET", try endpoint.url(repository, "manifests/\(descriptor.digest)"))
            request.headers["Accept"] = MediaType.accepted.joined(separator: ", ")
            let sink = BufferSink(limit: ManifestDocument.largestSize)
            _ = try await self.send(request, Scope(endpoint: endpoint, repository: repository), into: sink)
            let digest = Digest(sha256: SHA256.hash(sink.bytes))
            guard digest == descriptor.digest else {
                throw ContentError.digest(
                    expected: descriptor.digest, actual: digest, size: UInt64(sink.bytes.count))
            }
            return sink.bytes
        }
    }

    private func manifest(_ reference: String, _ repository: String, endpoint: Endpoint) async throws -> Fetched {
        try await document("manifests/\(reference)", repository, endpoint, expected: Digest(reference))
    }

    /// A manifest or index.
    /// - Parameters:
    ///   - path: below the repository.
    ///   - expected: its digest; nil is the one that the answer declares, if it does.
    func document(_ path: String, _ repository: String, _ endpoint: Endpoint, expected: Digest?) async throws -> Fetched
    {
        var request = HTTPRequest("GET", try endpoint.url(repository, path))
        request.headers["Accept"] = MediaType.accepted.joined(separator: ", ")
        let sink = BufferSink(limit: ManifestDocument.largestSize)
        let response = try await send(request, Scope(endpoint: endpoint, repository: repository), into: sink)
        let digest = Digest(sha256: SHA256.hash(sink.bytes))
        let declared = response.headers["Docker-Content-Digest"].flatMap { Digest($0) }
        if let expected = expected ?? declared, expected != digest {
            throw ContentError.digest(expected: expected, actual: digest, size: UInt64(sink.bytes.count))
        }
        let type = response.headers["Content-Type"]?.split(separator: ";").first.map { String($0).trimmingWhitespace() }
        let document = try ManifestError.naming("GET \(request.url): \(Self.summary(response, sink.bytes))") {
            try ManifestDocument(sink.bytes, mediaType: type)
        }
        let descriptor = Descriptor(mediaType: document.mediaType, digest: digest, size: UInt64(sink.bytes.count))
        return Fetched(descriptor: descriptor, bytes: sink.bytes, document: document, endpoint: endpoint)
    }
}

/// Neither a mirror nor the registry had it.
struct MirrorsFailed: HintedError, CustomStringConvertible {
    let failures: [String]
    let last: any Error
    /// Whether the last was a mirror too: the user's rules leave out the registry.
    let isMirror: Bool

    var description: String {
        let note = isMirror ? ["the registry itself is not asked: 'origin: false' in registries.yml"] : []
        return "\(last)\n  " + (failures + note).joined(separator: "\n").replacing("\n", with: "\n  ")
    }
    var hint: String? { last.anyHint }
}
