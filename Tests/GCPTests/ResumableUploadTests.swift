import Extents
import Synchronization
import TestSupport
import Testing

@testable import GCP
@testable import HTTP

/// A server that keeps to "Resumable uploads" of Cloud Storage, refuses what they do not allow, and has bad days.
struct ResumableUploadTests {
    /// The state of a scripted upload server.
    final class Script: Sendable {
        let kept = Mutex<[UInt8]>([])
        let problems = Mutex<[String]>([])
        let size: Int

        init(size: Int) { self.size = size }

        func complain(_ text: String) -> ScriptedServer.Response {
            problems.withLock { $0.append(text) }
            return .init(400, text: "")
        }

        var object: ScriptedServer.Response {
            let bytes = kept.withLock { $0 }
            return .init(text: #"{"bucket":"b","name":"n","size":"\#(bytes.count)","crc32c":"\#(checksum(bytes))"}"#)
        }

        func checksum(_ bytes: [UInt8]) -> String {
            var check = CRC32C()
            bytes.withUnsafeBytes { check.update($0) }
            return UploadSource.text(check.value)
        }

        var incomplete: ScriptedServer.Response {
            let count = kept.withLock { $0.count }
            return .init(308, headers: count > 0 ? ["Range": "bytes=0-\(count - 1)"] : [:], text: "")
        }

        /// - Parameter keeping: how many of a chunk's bytes are kept.
        func put(_ request: ScriptedServer.Request, keeping: Int = .max) -> ScriptedServer.Response {
            guard request.headers["authorization"] == nil else { return complain("a token was sent to a session") }
            guard let range = request.headers["content-range"], range.hasPrefix("bytes "), range.hasSuffix("/\(size)")
            else {
                return complain("Content-Range: \(request.headers["content-range"] ?? "none")")
            }
            let span = range.dropFirst(6).split(separator: "/")[0]
            if span == "*" {
                guard request.body.isEmpty else { return complain("a question with a body") }
                return kept.withLock { $0.count } == size ? object : incomplete
            }
            let ends = span.split(separator: "-").compactMap { Int($0) }
            let start = kept.withLock { $0.count }
            guard ends.count == 2, ends[0] == start,
                let length = request.headers["content-length"].flatMap({ Int($0) }),
                ends[1] - ends[0] + 1 == length
            else { return complain("range \(span), \(start) bytes kept") }
            // The connection was cut: whole units of 256 KiB are kept.
            if request.body.count < length {
                kept.withLock { $0 += request.body.prefix(request.body.count & ~0x3_FFFF) }
                return incomplete
            }
            guard ends[1] + 1 == size || request.body.count % (256 << 10) == 0 else {
                return complain("a chunk of \(request.body.count)")
            }
            kept.withLock { $0 += request.body.prefix(keeping) }
            return kept.withLock { $0.count } == size ? object : incomplete
        }
    }

    private func upload(
        size: Int = 1_000_000, isPublic: Bool = false, chunk: UInt64 = 256 << 10, through proxy: CuttingProxy? = nil,
        _ answer: @escaping @Sendable (ScriptedServer.Request, Script, Int) -> ScriptedServer.Response
    ) async throws -> (Script, ScriptedServer) {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/x"
            try TestFile.writeNoise(size, to: path)
            let (script, number) = (Script(size: size), Counter())
            let server = try ScriptedServer { _ in .init(500) }
            if let port = UInt16(server.host.split(separator: ":")[1]) { proxy?.forward(to: port) }
            let host = proxy?.host ?? server.host
            server.answer { request in
                if request.method == "POST" {
                    if request.headers["x-upload-content-length"] != "\(size)" {
                        return script.complain("no X-Upload-Content-Length")
                    }
                    script.kept.withLock { $0 = [] }
                    return .init(200, headers: ["Location": "http://\(host)/session?upload_id=secret"], text: "")
                }
                return answer(request, script, number.next())
            }
            let storage = Storage(try Clients.client(storage: "http://\(host)"), chunk: chunk)
            let source = try UploadSource(path)
            let object = try await storage.upload(
                source, to: "b", "n", by: storage.calls.begin("b", "n", source, isPublic: isPublic))
            #expect(source.isSame(as: object))
            #expect(script.problems.withLock { $0 } == [])
            return (script, server)
        }
    }

    @Test func sendsChunksInOrder() async throws {
        let (_, server) = try await upload { request, script, _ in script.put(request) }
        let ranges = server.requests.compactMap { $0.headers["content-range"] }
        #expect(
            ranges == [
                "bytes 0-262143/1000000", "bytes 262144-524287/1000000", "bytes 524288-786431/1000000",
                "bytes 786432-999999/1000000",
            ])
        #expect(server.requests.first?.target == "/upload/storage/v1/b/b/o?uploadType=resumable&name=n")
    }

    @Test func asksForTheAccessListOnlyWhenTold() async throws {
        let (_, server) = try await upload(size: 10, isPublic: true) { request, script, _ in script.put(request) }
        #expect(server.requests.first?.target.hasSuffix("&predefinedAcl=publicRead") == true)
    }

    /// 503 on the way, and a chunk of which only a part was kept.
    @Test func goesOnFromWhatTheServerKept() async throws {
        let (_, server) = try await upload { request, script, number in
            switch number {
            case 2: .init(503, headers: ["Retry-After": "0"], text: "")
            case 4: script.put(request, keeping: 100_000)
            default: script.put(request)
            }
        }
        #expect(server.requests.compactMap { $0.headers["content-range"] }.contains("bytes */1000000"))
    }

    @Test func beginsAnewWhenTheSessionIsForgotten() async throws {
        let (_, server) = try await upload { request, script, number in
            number == 3 ? .init(410, text: "") : script.put(request)
        }
        #expect(server.requests.filter { $0.method == "POST" }.count == 2)
    }

    /// 200 MB over a connection that is cut three times: each byte that the server kept is sent once.
    @Test func resumesAfterThreeCuts() async throws {
        let proxy = try CuttingProxy(cutting: [30_000_000, 100_700_000, 150_000_001])
        let (_, server) = try await upload(size: 200_000_000, chunk: 16 << 20, through: proxy) { request, script, _ in
            script.put(request)
        }
        #expect(proxy.cutsDone == 3)
        #expect(server.requests.filter { $0.method == "POST" }.count == 1)
        #expect(server.requests.filter { $0.headers["content-range"] == "bytes */200000000" }.count == 3)
        #expect(server.requests.reduce(0) { $0 + $1.body.count } < 200_000_000 + 4 << 18)
    }

    /// libcurl repeats a request on its own when a connection that was kept turns out to be dead. A chunk is not
    /// repeated: the server is asked.
    @Test func chunksAreNotRepeatedUnasked() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.writeNoise(1000, to: "\(folder)/x")
            let upload = try #require(try Upload(.range(path: "\(folder)/x", offset: 100, length: 800)))
            #expect(upload.seek(to: 0))
            #expect(try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { try upload.read(into: $0) } == 64)
            #expect(!upload.seek(to: 0))
        }
    }

    @Test func anEmptyFileIsStored() async throws {
        _ = try await upload(size: 0) { request, script, _ in script.put(request) }
    }

    @Test func aServerThatKeepsNothingIsGivenUp() async throws {
        let error = try await #require(throws: GoogleError.self) {
            try await upload { _, script, _ in script.incomplete }
        }
        #expect(error.message.contains("keeps none of the bytes"))
        #expect(error.tries == 5)
    }

    @Test(arguments: [400, 403]) func refusalsAreNotTriedAgain(status: Int) async throws {
        let error = try await #require(throws: GoogleError.self) {
            try await upload { _, _, _ in .error(status, "forbidden", "No.") }
        }
        #expect(error.tries == 1)
        #expect(!"\(error)".contains("secret"))
    }

    /// A session that is given up is closed, one that is done is not.
    @Test(arguments: [false, true]) func givingUpCancelsTheSession(fails: Bool) async throws {
        let cancelled = Counter()
        let work = {
            try await upload { request, script, number in
                if request.method == "DELETE" {
                    #expect(request.target == "/session?upload_id=secret" && request.headers["authorization"] == nil)
                    cancelled.next()
                    return .init(499, text: "")
                }
                return fails && number == 2 ? .error(403, "forbidden", "No.") : script.put(request)
            }
        }
        if fails { _ = try await #require(throws: GoogleError.self) { try await work() } } else { _ = try await work() }
        #expect(cancelled.count == (fails ? 1 : 0))
    }

    @Test func aWrongChecksumRemovesTheObject() async throws {
        let deleted = Counter()
        let error = try await #require(throws: GoogleError.self) {
            try await upload(size: 10) { request, script, _ in
                if request.method == "DELETE" {
                    deleted.next()
                    return .init(204, text: "")
                }
                return .init(text: #"{"bucket":"b","name":"n","size":"10","crc32c":"AAAAAA=="}"#)
            }
        }
        #expect(deleted.count == 1)
        #expect(error.message.hasPrefix("the object has the checksum AAAAAA=="))
    }
}
