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
            APICall(.storage, "look for bucket '\(bucket)'", "GET", "\(base)/storage/v1/b/\(text(bucket))?fields=name,location")
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
            APICall(.storage, "look for gs://\(bucket)/\(name)", "GET", "\(path(bucket, name))?fields=\(StoredObject.fields)")
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

        private func path(_ bucket: String, _ name: String) -> String { "\(base)/storage/v1/b/\(text(bucket))/o/\(text(name))" }
        private func text(_ word: String) -> String { WebURL.percentEncoded(word) }
    }

    static let contentType = "application/gzip"
}
