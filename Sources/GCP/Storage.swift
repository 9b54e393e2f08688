public import Cloud
internal import HTTP
public import Progress

/// Cloud Storage, JSON API v1.
public struct Storage: Sendable {
    let client: GoogleClient
    public let calls: Calls
    /// The size of one request, in bytes: a multiple of 256 KiB ("Resumable uploads").
    let chunk: UInt64

    public static let chunkUnit: UInt64 = 256 << 10
    public static let defaultChunk: UInt64 = 16 << 20

    public init(_ client: GoogleClient, chunk: UInt64 = Storage.defaultChunk) {
        precondition(chunk > 0 && chunk % Self.chunkUnit == 0, "a chunk of \(chunk) bytes")
        self.client = client
        self.chunk = chunk
        calls = Calls(client.endpoints)
    }

    /// The permissions needed to store images in a bucket.
    public static let permissions = ["storage.objects.create", "storage.objects.delete", "storage.objects.get"]

    /// Removes an object.
    /// - Returns: false when it does not exist.
    @discardableResult
    public func delete(_ bucket: String, _ name: String) async throws -> Bool {
        do {
            try await client.send(calls.delete(bucket, name))
            return true
        } catch let error as GoogleError where error.status == 404 { return false }
    }

    /// The requests, apart from the bytes.
    public struct Calls: Sendable {
        private let base: String

        public init(_ endpoints: Endpoints) { base = endpoints.storage }

        public func bucket(_ bucket: String) -> CloudCall {
            CloudCall(
                .storage, "looking up bucket '\(bucket)'", "GET",
                "\(base)/storage/v1/b/\(text(bucket))?fields=name,location")
        }

        /// Creates a bucket.
        /// - Parameter isUniform: its objects have no access lists of their own.
        public func create(_ bucket: String, project: String, location: String, isUniform: Bool) throws -> CloudCall {
            struct Bucket: Encodable {
                struct Access: Encodable {
                    struct Uniform: Encodable { let enabled: Bool }
                    let uniformBucketLevelAccess: Uniform
                }
                let name: String
                let location: String
                let iamConfiguration: Access
            }
            let access = Bucket.Access(uniformBucketLevelAccess: .init(enabled: isUniform))
            return try CloudCall(
                .storage, "creating bucket '\(bucket)'", "POST", "\(base)/storage/v1/b?project=\(text(project))",
                body: Bucket(name: bucket, location: location, iamConfiguration: access))
        }

        public func deleteBucket(_ bucket: String) -> CloudCall {
            CloudCall(.storage, "deleting bucket '\(bucket)'", "DELETE", "\(base)/storage/v1/b/\(text(bucket))")
        }

        public func permissions(_ bucket: String) -> CloudCall {
            let query = Storage.permissions.map { "permissions=\($0)" }.joined(separator: "&")
            return CloudCall(
                .storage, "checking permissions in bucket '\(bucket)'", "GET",
                "\(base)/storage/v1/b/\(text(bucket))/iam/testPermissions?\(query)")
        }

        public func object(_ bucket: String, _ name: String) -> CloudCall {
            CloudCall(
                .storage, "looking up gs://\(bucket)/\(name)", "GET",
                "\(path(bucket, name))?fields=\(StoredObject.fields)")
        }

        public func delete(_ bucket: String, _ name: String) -> CloudCall {
            CloudCall(.storage, "deleting gs://\(bucket)/\(name)", "DELETE", path(bucket, name))
        }

        public func publish(_ bucket: String, _ name: String) throws -> CloudCall {
            try CloudCall(
                .storage, "making gs://\(bucket)/\(name) public", "POST", "\(path(bucket, name))/acl",
                body: ["entity": "allUsers", "role": "READER"])
        }

        /// Begins an upload; the answer's `Location` takes the bytes.
        public func begin(_ bucket: String, _ name: String, _ source: UploadSource, isPublic: Bool) throws -> CloudCall
        {
            let query = "uploadType=resumable&name=\(text(name))" + (isPublic ? "&predefinedAcl=publicRead" : "")
            return try CloudCall(
                .storage, "uploading \(source.size) bytes to gs://\(bucket)/\(name)", "POST",
                "\(base)/upload/storage/v1/b/\(text(bucket))/o?\(query)",
                headers: [
                    "X-Upload-Content-Type": Storage.contentType, "X-Upload-Content-Length": "\(source.size)",
                ],
                body: ["contentType": Storage.contentType, "crc32c": source.checksum, "name": name])
        }

        /// The requests with the bytes, shown as the first of them.
        public func bytes(of source: UploadSource, chunk: UInt64 = Storage.defaultChunk) -> CloudCall {
            let (size, count) = (source.size, max(1, (source.size + chunk - 1) / chunk))
            return CloudCall(
                .storage, "sending the bytes in \(count) request\(count == 1 ? "" : "s") of at most \(chunk) bytes",
                "PUT", "(the address in the answer's Location)",
                headers: ["Content-Range": "bytes 0-\(min(size, chunk) - min(1, size))/\(size)"])
        }

        private func path(_ bucket: String, _ name: String) -> String {
            "\(base)/storage/v1/b/\(text(bucket))/o/\(text(name))"
        }
        private func text(_ word: String) -> String { WebURL.percentEncoded(word) }
    }

    static let contentType = "application/gzip"
}

extension Storage {
    /// Stores a file.
    /// - Parameter begin: the call that begins the upload (``Calls/begin(_:_:_:isPublic:)``).
    /// - Returns: the object, whose length and checksum are the file's.
    /// - Throws: ``GoogleError``. An object with other bytes than the file's is removed.
    public func upload(
        _ source: UploadSource, to bucket: String, _ name: String, by begin: CloudCall,
        progress: Reporter = .silent
    ) async throws -> StoredObject {
        try await progress.during(.upload, "gs://\(bucket)/\(name)", total: source.size) {
            try await upload(source, to: bucket, name, by: begin, $0)
        }
    }

    private func upload(
        _ source: UploadSource, to bucket: String, _ name: String, by begin: CloudCall, _ step: Step
    ) async throws -> StoredObject {
        let title = "uploading gs://\(bucket)/\(name)"
        var lost = 0
        while true {
            let session = try await self.begin(begin)
            step.set(0)
            let upload = ResumableUpload(
                client: client, source: source, title: title, session: session, chunk: chunk, step: step)
            do {
                let object = try await finish(upload)
                if source.isSame(as: object) { return object }
                try await delete(bucket, name)
                throw GoogleError(
                    title,
                    "the object has the checksum \(object.crc32c ?? "none"), the file \(source.checksum); the object was removed",
                    hint: "the file changed during the upload, or the network damages data: upload again")
            } catch is ResumableUpload.Lost {
                lost += 1
                guard lost < client.retries.tries else {
                    throw GoogleError(title, "the server keeps losing the upload")
                }
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

    private func begin(_ call: CloudCall) async throws -> WebURL {
        let answer = try await client.answer(call)
        guard let location = answer.response.headers["Location"],
            let session = try client.exchange.url(call.url, call.title).resolving(location)
        else { throw GoogleError(call.title, "the answer has no Location to upload to") }
        return session
    }
}
