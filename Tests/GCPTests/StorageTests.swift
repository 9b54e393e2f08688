import Extents
import HTTP
import TestSupport
import Testing

@testable import GCP

/// Against fake-gcs-server, a server that others wrote.
struct StorageTests {
    private func find(_ storage: Storage) async throws -> StoredObject? {
        try await storage.client.find(storage.calls.object("images", "a b/web"), as: StoredObject.self)
    }

    @Test func storesFindsAndDeletes() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/web.img.tar.gz"
            try TestFile.write((0..<700_001).map { UInt8(truncatingIfNeeded: $0 * 7) }, to: path)
            try await FakeStorage.with(buckets: ["images"], in: folder) { server in
                let storage = Storage(try Clients.client(storage: server.url), chunk: 256 << 10)
                let source = try UploadSource(path)
                #expect(try await find(storage) == nil)
                let object = try await storage.upload(
                    source, to: "images", "a b/web",
                    by: storage.calls.begin("images", "a b/web", source, isPublic: false))
                #expect(source.isSame(as: object))
                #expect(try await find(storage) == object)
                try await storage.delete("images", "a b/web")
                #expect(try await find(storage) == nil)
                try await storage.delete("images", "a b/web")
            }
        }
    }

    @Test func aMissingBucketIsASentence() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/x"
            try TestFile.write("x", to: path)
            try await FakeStorage.with(buckets: [], in: folder) { server in
                let storage = Storage(try Clients.client(storage: server.url))
                let source = try UploadSource(path)
                let error = try await #require(throws: GoogleError.self) {
                    try await storage.upload(
                        source, to: "nowhere", "x", by: storage.calls.begin("nowhere", "x", source, isPublic: false))
                }
                #expect(error.status == 404)
                #expect("\(error)".hasPrefix("uploading 1 bytes to gs://nowhere/x: "))
                #expect(error.hint == "check project, zone, bucket and name")
            }
        }
    }

    /// This server takes the question after a cut for the end of the upload, so the upload is started again; the bytes
    /// are right all the same.
    @Test func cutsDoNotDamageAnObject() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/big.img.tar.gz"
            try TestFile.writeNoise(20_000_000, to: path)
            let proxy = try CuttingProxy(cutting: [3_000_000, 10_000_000])
            try await FakeStorage.with(buckets: ["images"], in: folder, externalURL: "http://\(proxy.host)") { server in
                proxy.forward(to: server.port)
                let storage = Storage(try Clients.client(storage: "http://\(proxy.host)"), chunk: 1 << 20)
                let source = try UploadSource(path)
                let object = try await storage.upload(
                    source, to: "images", "big", by: storage.calls.begin("images", "big", source, isPublic: false))
                #expect(source.isSame(as: object))
                #expect(proxy.cutsDone == 2)
                let stored = try UploadSource("\(server.folder)/images/big")
                #expect(stored.checksum == source.checksum)
            }
        }
    }
}
