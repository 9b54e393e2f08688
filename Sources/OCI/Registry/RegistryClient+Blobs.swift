internal import HTTP

extension RegistryClient {
    /// Brings a blob into the store, its digest and size verified to the last byte. A cut connection goes on where it ended.
    func fetch(_ blob: Descriptor, _ repository: String, from endpoints: [Endpoint], into store: ContentStore) async throws {
        guard !store.has(blob) else { return }
        try await firstAnswer(of: endpoints) { endpoint in
            let writer = try BlobWriter(in: store.temporaryPath, limit: blob.size)
            try await self.download(blob, Scope(endpoint: endpoint, repository: repository), into: writer)
            try store.commit(writer, digest: blob.digest, size: blob.size)
        }
    }

    private func download(_ blob: Descriptor, _ scope: Scope, into writer: BlobWriter) async throws {
        let url = try scope.endpoint.url(scope.repository, "blobs/\(blob.digest)")
        var attempts = Attempts(retry, mirror: scope.endpoint.isMirror)
        while true {
            var request = HTTPRequest("GET", url)
            let start = writer.count
            if start > 0 { request.headers["Range"] = "bytes=\(start)-" }
            let sink = DownloadSink(writer)
            do {
                let response = try await authorized(request, scope, into: sink)
                if response.isSuccess { return }
                if response.status == 416, start > 0 {
                    try writer.restart()
                    continue
                }
                try await attempts.wait(after: await failure(request, response, body: sink.page.bytes, scope), response)
            } catch let error as TransportError {
                if writer.count > start { attempts.reset() }
                try await attempts.wait(after: RegistryError(request, error), isTransient: error.isTransient)
            } catch let error as RegistryError where error.isFromTokenServer {
                try await attempts.wait(after: error, isTransient: error.status.map(RetryPolicy.isTransient) ?? error.isTransient)
            }
        }
    }
}

/// Bytes of a blob go to a file, those of an error into memory.
private final class DownloadSink: HTTPBodySink {
    private let writer: BlobWriter
    let page = BufferSink(limit: 64 << 10)
    private nonisolated(unsafe) var isBlob = false

    init(_ writer: BlobWriter) { self.writer = writer }

    func begin(_ response: HTTPResponse) throws {
        page.begin(response)
        isBlob = response.isSuccess
        guard isBlob else { return }
        let goesOn = response.status == 206 && response.headers["Content-Range"]?.hasPrefix("bytes \(writer.count)-") == true
        if !goesOn { try writer.restart() }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        if isBlob { try writer.write(bytes) } else { try page.receive(bytes) }
    }
}
