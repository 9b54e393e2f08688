import Extents
import HTTP
import Progress
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// How long was waited.
final class Pauses: Sendable {
    private let list = Mutex<[Duration]>([])

    var all: [Duration] { list.withLock { $0 } }

    func add(_ pause: Duration) { list.withLock { $0.append(pause) } }
}

/// Bytes that a download has received.
private final class Received: Sendable {
    let count = Mutex<UInt64>(0)
}

/// What a registry can do wrong.
struct ScriptedRegistryTests {
    @Test func cutDownloadGoesOnWhereItEnded() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let (digest, count) = (registry.layer.digest, Counter())
            let bytes = try #require(registry.sample.blobs[digest])
            registry.answer { request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                let start = request.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
                let end = min(bytes.count, start + bytes.count / 3)
                _ = count.next()
                return .init(
                    start == 0 ? 200 : 206,
                    headers: ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
                    body: Array(bytes[start..<end]), length: bytes.count - start)
            }
            let image = try await RegistryTests.provider(folder).image(registry.name)
            #expect(image.digest == registry.sample.descriptor.digest)
            #expect(count.next() >= 4)
            let ranges = registry.requests(ending: digest.description).map { $0.headers["range"] ?? "" }
            #expect(ranges.first == "" && ranges.dropFirst().allSatisfy { $0.hasPrefix("bytes=") })
            #expect(try ContentStore(path: folder).verify().isWhole)
        }
    }

    /// A server that ignores `Range`, or answers another one, is started over with; one that sends another part is not
    /// asked for parts again.
    @Test(arguments: [
        (200, "bytes 0-", ["", "bytes=1000-"]), (206, "bytes 0-", ["", "bytes=1000-"]),
        (206, "bytes 5000-", ["", "bytes=1000-", ""]),
        (206, "", ["", "bytes=1000-", ""]), (416, "bytes */", ["", "bytes=1000-", ""]),
    ])
    func ignoredRangeStartsOver(status: Int, range: String, asked: [String]) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let (digest, count) = (registry.layer.digest, Counter())
            let bytes = try #require(registry.sample.blobs[digest])
            registry.answer { request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                switch count.next() {
                case 1: return .init(200, body: Array(bytes.prefix(1000)), length: bytes.count)
                case 2:
                    return .init(
                        status, headers: ["Content-Range": "\(range)\(bytes.count - 1)/\(bytes.count)"], body: bytes)
                default: return nil
                }
            }
            _ = try await RegistryTests.provider(folder).image(registry.name)
            #expect(registry.requests(ending: digest.description).map { $0.headers["range"] ?? "" } == asked)
        }
    }

    /// Bytes that come a second time, or a few at a time, do not make tries count from one again.
    @Test(arguments: [("trickle", 4), ("refused", 4), ("elsewhere", 4)])
    func retriesEnd(problem: String, tries: Int) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let digest = registry.layer.digest
            let bytes = try #require(registry.sample.blobs[digest])
            registry.answer { request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                let start = request.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
                let count = problem == "trickle" ? 10 : bytes.count / 4
                if start > 0, problem == "refused" { return .init(416) }
                let position = start > 0 && problem == "elsewhere" ? 1 : start
                return .init(
                    start == 0 ? 200 : 206,
                    headers: ["Content-Range": "bytes \(position)-\(bytes.count - 1)/\(bytes.count)"],
                    body: Array(bytes[start..<start + count]), length: bytes.count - start)
            }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder).image(registry.name)
            }
            let text = error?.description ?? ""
            #expect(
                text.contains("the connection closed before the end of the answer; tried \(tries) times over"),
                "\(text)")
            #expect(registry.requests(ending: digest.description).count == tries)
        }
    }

    /// What a server sends with an error or a redirect may have no end.
    @Test(.timeLimit(.minutes(5)), arguments: [302, 401, 403, 404, 500])
    func endlessPagesAreCut(status: Int) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let digest = registry.layer.digest
            let sample = registry.sample
            registry.answer { request in
                if request.target.hasSuffix("?there") { return .init(200, body: sample.blobs[digest] ?? []) }
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                var response = ScriptedServer.Response(
                    status, headers: status == 302 ? ["Location": "\(request.target)?there"] : [:],
                    body: Array(repeating: UInt8(ascii: "x"), count: 10_000))
                response.isEndless = true
                return response
            }
            let provider = try RegistryTests.provider(folder)
            if status == 302 {
                #expect(try await provider.image(registry.name).digest == sample.descriptor.digest)
            } else {
                let error = await #expect(throws: ContextError.self) { try await provider.image(registry.name) }
                #expect(
                    error?.description.contains(": \(status) xxxxx") == true, "\(error?.description.prefix(500) ?? "")")
            }
        }
    }

    @Test(arguments: ["flipped", "short", "long", "endless", "empty"])
    func wrongBlobIsRefusedAndNotStored(problem: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let digest = registry.layer.digest
            var bytes = try #require(registry.sample.blobs[digest])
            switch problem {
            case "flipped": bytes[bytes.count - 1] ^= 1
            case "short": bytes.removeLast()
            case "long": bytes.append(0)
            case "empty": bytes = []
            default: break
            }
            registry.answer { [bytes] request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                var response = ScriptedServer.Response(200, body: bytes)
                response.isEndless = problem == "endless"
                return response
            }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder).image(registry.name)
            }
            let size = registry.layer.size
            let reasons = [
                "flipped": "digest is sha256:",
                "short": "blob \(digest) has \(size - 1) bytes, expected \(size) bytes",
                "long": "more bytes than the \(size) expected", "endless": "more bytes than the \(size) expected",
                "empty": "has 0 bytes, expected",
            ]
            let text = error?.description ?? ""
            #expect(
                text.contains("pulling '\(registry.name)' for linux/amd64: fetching layer 1 of 1: ")
                    && text.contains(reasons[problem] ?? "?"),
                "\(text)")
            let store = try ContentStore(path: folder)
            #expect(try HostFiles.size(store.blobPath(digest)) == nil && FolderTree.names(in: "\(folder)/tmp").isEmpty)
            #expect(try store.entries().isEmpty)
        }
    }

    @Test func retryAfterIsHonoured() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let (count, pauses) = (Counter(), Pauses())
            registry.answer { request in
                guard request.target.hasSuffix("/manifests/1") else { return nil }
                switch count.next() {
                case 1: return .init(429, headers: ["Retry-After": "3"], text: "slow down")
                case 2: return .init(503)
                default: return nil
                }
            }
            let retry = RetryPolicy { pauses.add($0) }
            _ = try await RegistryTests.provider(folder, retry: retry).image(registry.name)
            #expect(pauses.all == [.seconds(3), .seconds(1)])
        }
    }

    @Test func lastingRefusalSaysWhatWasTried() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { _ in
                .init(
                    429, text: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate \u001b[31mlimit reached"}]}"#
                )
            }
            let retry = RetryPolicy { _ in }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder, retry: retry).image(registry.name)
            }
            let name = registry.name
            let expected = """
                pulling '\(name)' for linux/amd64: GET http://\(registry.server.host)/v2/acme/web/manifests/1: \
                429 TOOMANYREQUESTS: pull rate \\x1b[31mlimit reached; tried 4 times over N s
                  hint: log in to raise the limit, name a mirror with --mirror, or build offline from the store
                """
            #expect(error?.text.replacing(/over [0-9]+ s/, with: "over N s") == expected)
            #expect(registry.server.requests.count == 4)
        }
    }

    @Test func missingImageIsAskedForOnce() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder).image("\(registry.server.host)/acme/none:1")
            }
            #expect(
                error?.text.contains(
                    "404 MANIFEST_UNKNOWN: manifest unknown\n  hint: check the name and the tag") == true)
            #expect(registry.server.requests.count == 1)
        }
    }

    @Test func nobodyListening() async throws {
        try await withTemporaryDirectory { folder in
            // Port 1 of loopback: nothing answers there, and nothing will while we wait.
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder).image("127.0.0.1:1/acme/web")
            }
            let text = error?.text ?? ""
            #expect(
                text.hasSuffix(
                    "GET http://127.0.0.1:1/v2/acme/web/manifests/latest: connection refused\n"
                        + "  hint: nothing listens on port 1 of this machine; start the server, or check the port"),
                "\(text)")
        }
    }

    /// A server that accepts and does not answer, or stops in the middle of a blob, is named to the user.
    @Test(.timeLimit(.minutes(5)), arguments: ["/manifests/", "/blobs/"]) func silentServersAreNamed(path: String)
        async throws
    {
        try await withTemporaryDirectory { folder in
            let recorded = RecordedProgress()
            let registry = try ScriptedRegistry()
            let (layer, host) = (registry.layer, registry.server.host)
            registry.answer { request in
                guard request.target.contains(path) else { return nil }
                var response = ScriptedServer.Response(200, body: [1, 2, 3], length: Int(layer.size))
                response.isHeld = true
                return response
            }
            let client = try RegistryClient(
                transport: CurlTransport(environment: [:]), credentials: Credentials(environment: [:]),
                progress: recorded.reporter)
            let received = Received()
            let store = try ContentStore(path: folder)
            let blob = Descriptor(mediaType: "", digest: layer.digest, size: layer.size)
            let task = Task {
                let endpoints = [client.origin(of: host)]
                if path == "/blobs/" {
                    try await recorded.reporter.during(.pull, "blob", total: layer.size) { step in
                        let watch = Task {
                            while step.done < 3 { try await Task.sleep(for: .milliseconds(1)) }
                            received.count.withLock { $0 = step.done }
                        }
                        defer { watch.cancel() }
                        try await client.fetch(blob, "acme/web", from: endpoints, into: store, step)
                    }
                } else {
                    _ = try await client.manifest("1", "acme/web", from: endpoints)
                }
            }
            if path == "/blobs/" {
                while received.count.withLock({ $0 == 0 }) { try await Task.sleep(for: .milliseconds(1)) }
            } else {
                while recorded.lines.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            }
            task.cancel()
            _ = await task.result
            #expect(
                recorded.lines == [
                    path == "/blobs/"
                        ? "pulling blob" : "waiting for '\(host)': GET http://\(host)/v2/acme/web/manifests/1"
                ])
        }
    }

    @Test func manifestThatIsNotWhatThePinSays() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let body = try #require(registry.sample.blobs[registry.sample.descriptor.digest])
            registry.answer { request in request.target.contains("/manifests/") ? .init(200, body: body + [32]) : nil }
            let pinned = "\(registry.server.host)/acme/web@\(registry.sample.descriptor.digest)"
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider(folder).image(pinned)
            }
            #expect(error?.root is ContentError)
            registry.answer { request in
                guard request.target.contains("/manifests/") else { return nil }
                return .init(200, headers: ["Docker-Content-Digest": "sha256:../../etc"], body: body)
            }
            #expect(try await RegistryTests.provider(folder).image(pinned).digest == registry.sample.descriptor.digest)
        }
    }

    /// A registry that does not know HEAD is sent the blob.
    @Test(arguments: [404, 405, 501])
    func pushWithoutHead(status: Int) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            let server = try ScriptedServer { request in
                switch request.method {
                case "HEAD": .init(status)
                case "POST": .init(202, headers: ["Location": "/upload"])
                default: .init(201)
                }
            }
            let digest = try await RegistryTests.provider(store.path, retry: RetryPolicy(tries: 1)).push(
                "acme/web:1", to: "\(server.host)/acme/web:1")
            #expect(digest == sample.descriptor.digest)
            #expect(server.requests.map(\.method) == ["HEAD", "POST", "PUT", "HEAD", "POST", "PUT", "PUT"])
        }
    }

    @Test func cancellingEndsATransfer() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let digest = registry.layer.digest
            let (stream, begun) = AsyncStream<Void>.makeStream()
            registry.answer { request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                begun.yield()
                // Nothing comes, although bytes were promised.
                var response = ScriptedServer.Response(200, length: 1000)
                response.isHeld = true
                return response
            }
            let task = Task { [name = registry.name] in try await RegistryTests.provider(folder).image(name) }
            for await _ in stream { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
