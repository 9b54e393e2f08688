internal import HTTP

extension Storage {
    /// Stores a file.
    /// - Parameters:
    ///   - isPublic: lets everybody read it; otherwise the bucket's own rules hold.
    ///   - progress: told of bytes sent and in all; after a cut the number may go back.
    /// - Returns: the object, whose length and checksum are the file's.
    /// - Throws: ``GoogleError``. An object with other bytes than the file's is removed.
    public func upload(
        _ source: UploadSource, to bucket: String, _ name: String, isPublic: Bool = false,
        progress: (@Sendable (_ sent: UInt64, _ total: UInt64) -> Void)? = nil
    ) async throws -> StoredObject {
        let title = "upload gs://\(bucket)/\(name)"
        var lost = 0
        while true {
            let session = try await begin(source, bucket, name, isPublic)
            let upload = ResumableUpload(client: client, source: source, title: title, session: session, chunk: chunk, progress: progress)
            do {
                let object = try await finish(upload)
                if source.isSame(as: object) { return object }
                try await delete(bucket, name)
                throw GoogleError(
                    title, "the object has the checksum \(object.crc32c ?? "none"), the file \(source.checksum); the object was removed",
                    hint: "the file changed meanwhile, or the way damages data: upload again")
            } catch is ResumableUpload.Lost {
                lost += 1
                guard lost < client.retries.tries else { throw GoogleError(title, "the server forgets the upload again and again") }
            }
        }
    }

    /// Sends everything; a session that is given up is closed.
    private func finish(_ upload: ResumableUpload) async throws -> StoredObject {
        do { return try await upload.run() } catch let error as ResumableUpload.Lost { throw error } catch {
            await upload.cancel()
            throw error
        }
    }

    private func begin(_ source: UploadSource, _ bucket: String, _ name: String, _ isPublic: Bool) async throws -> WebURL {
        let call = try Calls(client.endpoints).begin(bucket, name, source, isPublic: isPublic)
        let target = try client.exchange.url(call.url, call.title)
        let request = HTTPRequest(
            "POST", target,
            headers: [
                "Content-Type": "application/json; charset=utf-8", "X-Upload-Content-Type": Self.contentType,
                "X-Upload-Content-Length": "\(source.size)",
            ], body: .bytes(Array((call.body ?? "").utf8)))
        let answer = try await client.authorized(request, call) { try await client.exchange.answer($0, call.title) }
        guard let location = answer.response.headers["Location"], let session = target.resolving(location) else {
            throw GoogleError(call.title, "the answer names no address to send to")
        }
        return session
    }
}
