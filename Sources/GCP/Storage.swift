internal import Extents
internal import FoundationEssentials
internal import HTTP

/// Cloud Storage, JSON API v1.
public struct Storage: Sendable {
    let client: GoogleClient
    /// What is sent with one request, in bytes: a multiple of 256 KiB ("Resumable uploads").
    let chunk: UInt64

    public static let chunkUnit: UInt64 = 256 << 10
    public static let defaultChunk: UInt64 = 16 << 20

    public init(_ client: GoogleClient, chunk: UInt64 = Storage.defaultChunk) {
        precondition(chunk > 0 && chunk % Self.chunkUnit == 0, "a chunk of \(chunk) bytes")
        self.client = client
        self.chunk = chunk
    }

    /// What is needed to put images into a bucket.
    public static let permissions = ["storage.objects.create", "storage.objects.delete", "storage.objects.get"]

    /// The facts of an object; nil when there is none.
    public func object(_ bucket: String, _ name: String) async throws -> StoredObject? {
        try await client.find(Calls(client.endpoints).object(bucket, name), as: StoredObject.self)
    }

    /// Removes an object.
    /// - Returns: false when there was none.
    @discardableResult
    public func delete(_ bucket: String, _ name: String) async throws -> Bool {
        do {
            try await client.send(Calls(client.endpoints).delete(bucket, name))
            return true
        } catch let error as GoogleError where error.status == 404 { return false }
    }

    /// Lets everybody read an object.
    public func publish(_ bucket: String, _ name: String) async throws {
        try await client.send(try Calls(client.endpoints).publish(bucket, name))
    }

    /// Which of ``permissions`` are lacking in a bucket.
    public func missingPermissions(in bucket: String) async throws -> [String] {
        struct Answer: Decodable { var permissions: [String]? }
        let answer = try await client.send(Calls(client.endpoints).permissions(bucket), as: Answer.self)
        return Self.permissions.filter { !(answer.permissions ?? []).contains($0) }
    }

    /// The requests, apart from the bytes.
    public struct Calls: Sendable {
        private let base: String

        public init(_ endpoints: Endpoints) { base = endpoints.storage }

        public func bucket(_ bucket: String) -> APICall {
            APICall(
                .storage, "look for bucket '\(bucket)'", "GET",
                "\(base)/storage/v1/b/\(text(bucket))?fields=name,location")
        }

        /// Makes a bucket.
        /// - Parameter isUniform: its objects have no access lists of their own.
        public func create(_ bucket: String, project: String, location: String, isUniform: Bool) throws -> APICall {
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
            return try APICall(
                .storage, "make bucket '\(bucket)'", "POST", "\(base)/storage/v1/b?project=\(text(project))",
                body: Bucket(name: bucket, location: location, iamConfiguration: access))
        }

        public func deleteBucket(_ bucket: String) -> APICall {
            APICall(.storage, "delete bucket '\(bucket)'", "DELETE", "\(base)/storage/v1/b/\(text(bucket))")
        }

        public func permissions(_ bucket: String) -> APICall {
            let query = Storage.permissions.map { "permissions=\($0)" }.joined(separator: "&")
            return APICall(
                .storage, "ask for permissions in bucket '\(bucket)'", "GET",
                "\(base)/storage/v1/b/\(text(bucket))/iam/testPermissions?\(query)")
        }

        public func object(_ bucket: String, _ name: String) -> APICall {
            APICall(
                .storage, "look for gs://\(bucket)/\(name)", "GET",
                "\(path(bucket, name))?fields=\(StoredObject.fields)")
        }

        public func delete(_ bucket: String, _ name: String) -> APICall {
            APICall(.storage, "delete gs://\(bucket)/\(name)", "DELETE", path(bucket, name))
        }

        public func publish(_ bucket: String, _ name: String) throws -> APICall {
            try APICall(
                .storage, "let everybody read gs://\(bucket)/\(name)", "POST", "\(path(bucket, name))/acl",
                body: ["entity": "allUsers", "role": "READER"])
        }

        /// Begins an upload; the answer's `Location` takes the bytes.
        public func begin(_ bucket: String, _ name: String, _ source: UploadSource, isPublic: Bool) throws -> APICall {
            let query = "uploadType=resumable&name=\(text(name))" + (isPublic ? "&predefinedAcl=publicRead" : "")
            return try APICall(
                .storage, "begin the upload of \(source.size) bytes to gs://\(bucket)/\(name)", "POST",
                "\(base)/upload/storage/v1/b/\(text(bucket))/o?\(query)",
                body: ["contentType": Storage.contentType, "crc32c": source.checksum, "name": name])
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
            let upload = ResumableUpload(
                client: client, source: source, title: title, session: session, chunk: chunk, progress: progress)
            do {
                let object = try await finish(upload)
                if source.isSame(as: object) { return object }
                try await delete(bucket, name)
                throw GoogleError(
                    title,
                    "the object has the checksum \(object.crc32c ?? "none"), the file \(source.checksum); the object was removed",
                    hint: "the file changed meanwhile, or the way damages data: upload again")
            } catch is ResumableUpload.Lost {
                lost += 1
                guard lost < client.retries.tries else {
                    throw GoogleError(title, "the server forgets the upload again and again")
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

    private func begin(_ source: UploadSource, _ bucket: String, _ name: String, _ isPublic: Bool) async throws
        -> WebURL
    {
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

/// An object of Cloud Storage: the fields that are used.
public struct StoredObject: Sendable, Decodable, Equatable {
    public let bucket: String
    public let name: String
    /// Length in bytes; JSON has it as text.
    let size: String?
    /// Base64 of four bytes, the most significant first.
    let crc32c: String?

    /// What a call asks to be told.
    static let fields = "bucket,name,size,crc32c"

    public var length: UInt64? { size.flatMap { UInt64($0) } }
}

/// A file to be stored and its checksum.
public struct UploadSource: Sendable, Equatable {
    public let path: String
    /// Length in bytes.
    public let size: UInt64
    /// The checksum as Cloud Storage writes it.
    public let checksum: String

    public init(path: String, size: UInt64, crc32c: UInt32) {
        self.path = path
        self.size = size
        checksum = Self.text(crc32c)
    }

    /// Reads the file for its checksum.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public init(_ path: String) throws {
        var check = CRC32C()
        let list = try ExtentList(file: path)
        try ExtentReader.read(list) { check.update($0) }
        self.init(path: path, size: list.length, crc32c: check.value)
    }

    /// Base64 of the four bytes, the most significant first ("Hashes and ETags" of Cloud Storage).
    static func text(_ crc32c: UInt32) -> String {
        Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc32c >> UInt32($0)) }).base64EncodedString()
    }

    /// Whether an object holds the same bytes, as far as length and checksum tell.
    public func isSame(as object: StoredObject) -> Bool { object.crc32c == checksum && object.length == size }
}
