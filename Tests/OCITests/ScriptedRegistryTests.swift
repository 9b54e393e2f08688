import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// A counter that handlers share.
final class Counter: Sendable {
    private let value = Mutex(0)

    /// The number of this call, from 1.
    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

/// How long was waited.
final class Pauses: Sendable {
    private let list = Mutex<[Duration]>([])

    var all: [Duration] { list.withLock { $0 } }

    func add(_ pause: Duration) { list.withLock { $0.append(pause) } }
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
                    start == 0 ? 200 : 206, headers: ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
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

    /// A server that ignores `Range`, or answers another one, is started over with.
    @Test(arguments: [200, 206])
    func ignoredRangeStartsOver(status: Int) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let (digest, count) = (registry.layer.digest, Counter())
            let bytes = try #require(registry.sample.blobs[digest])
            registry.answer { request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                if count.next() == 1 { return .init(200, body: Array(bytes.prefix(1000)), length: bytes.count) }
                return .init(status, headers: ["Content-Range": "bytes 0-\(bytes.count - 1)/\(bytes.count)"], body: bytes)
            }
            _ = try await RegistryTests.provider(folder).image(registry.name)
            #expect(registry.requests(ending: digest.description).map { $0.headers["range"] } == [nil, "bytes=1000-"])
        }
    }

    @Test(arguments: ["flipped", "short", "long", "endless", "empty"])
    func wrongBlobIsRefusedAndNotStored(fault: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let digest = registry.layer.digest
            var bytes = try #require(registry.sample.blobs[digest])
            switch fault {
            case "flipped": bytes[bytes.count - 1] ^= 1
            case "short": bytes.removeLast()
            case "long": bytes.append(0)
            case "empty": bytes = []
            default: break
            }
            registry.answer { [bytes] request in
                guard request.target.hasSuffix("/blobs/\(digest)") else { return nil }
                var response = ScriptedServer.Response(200, body: bytes)
                response.isEndless = fault == "endless"
                return response
            }
            let error = await #expect(throws: ImageError.self) { try await RegistryTests.provider(folder).image(registry.name) }
            let size = registry.layer.size
            let reasons = [
                "flipped": "digest is sha256:", "short": "size is \(size - 1) bytes, expected \(size) bytes",
                "long": "more than the \(size) bytes", "endless": "more than the \(size) bytes", "empty": "size is 0 bytes",
            ]
            let text = error?.description ?? ""
            #expect(
                text.contains("pulling '\(registry.name)' for linux/amd64: layer 1 of 1: ") && text.contains(reasons[fault] ?? "?"),
                "\(text)")
            let store = try ContentStore(path: folder)
            #expect(SmallFile.size(store.blobPath(digest)) == nil && SmallFile.names(in: "\(folder)/tmp").isEmpty)
            #expect(store.entries().isEmpty)
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
                .init(429, text: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate \u001b[31mlimit reached"}]}"#)
            }
            let retry = RetryPolicy { _ in }
            let error = await #expect(throws: ImageError.self) {
                try await RegistryTests.provider(folder, retry: retry).image(registry.name)
            }
            let name = registry.name
            let expected = """
                pulling '\(name)' for linux/amd64: GET http://\(registry.server.host)/v2/acme/web/manifests/1: \
                429 TOOMANYREQUESTS: pull rate \\x1b[31mlimit reached
                  tried 4 times over N s
                  hint: log in to be allowed more, name a mirror with --mirror, or build offline from the store
                """
            #expect(error?.description.replacing(/over [0-9]+ s/, with: "over N s") == expected)
            #expect(registry.server.requests.count == 4)
        }
    }

    @Test func missingImageIsAskedForOnce() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let error = await #expect(throws: ImageError.self) {
                try await RegistryTests.provider(folder).image("\(registry.server.host)/acme/none:1")
            }
            #expect(error?.description.contains("404 MANIFEST_UNKNOWN: manifest unknown\n  hint: check the name and the tag") == true)
            #expect(registry.server.requests.count == 1)
        }
    }

    @Test func nobodyListening() async throws {
        try await withTemporaryDirectory { folder in
            // Port 1 of loopback: nothing answers there.
            let error = await #expect(throws: ImageError.self) { try await RegistryTests.provider(folder).image("127.0.0.1:1/acme/web") }
            let text = error?.description ?? ""
            #expect(text.contains("GET http://127.0.0.1:1/v2/acme/web/manifests/latest: no connection\n  tried 4 times"), "\(text)")
        }
    }

    @Test func manifestThatIsNotWhatThePinSays() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let body = try #require(registry.sample.blobs[registry.sample.descriptor.digest])
            registry.answer { request in request.target.contains("/manifests/") ? .init(200, body: body + [32]) : nil }
            let pinned = "\(registry.server.host)/acme/web@\(registry.sample.descriptor.digest)"
            let error = await #expect(throws: ImageError.self) { try await RegistryTests.provider(folder).image(pinned) }
            #expect(error?.underlying is ContentError)
            registry.answer { request in
                guard request.target.contains("/manifests/") else { return nil }
                return .init(200, headers: ["Docker-Content-Digest": "sha256:../../etc"], body: body)
            }
            #expect(try await RegistryTests.provider(folder).image(pinned).digest == registry.sample.descriptor.digest)
        }
    }

    @Test func mirrorIsTriedFirstAndTheOriginLast() async throws {
        try await withTemporaryDirectory { folder in
            let origin = try ScriptedRegistry()
            let mirror = try ScriptedRegistry()
            let sample = mirror.sample
            mirror.answer { request in
                guard request.target.hasPrefix("/v2/hub/") else { return .init(500) }
                return ScriptedRegistry.usual(.init(target: request.target.replacing("/hub/", with: "/")), sample)
            }
            let host = origin.server.host
            let mirrors = ["\(host)=http://127.0.0.1:1", "other.example=http://127.0.0.1:2", "\(host)=http://\(mirror.server.host)/v2/hub"]
            let image = try await RegistryTests.provider("\(folder)/a", mirrors: mirrors).image(origin.name)
            #expect(image.name == origin.name)
            #expect(origin.server.requests.isEmpty && mirror.server.requests.count == 3)
            mirror.answer { _ in .init(404) }
            let again = try await RegistryTests.provider("\(folder)/b", mirrors: mirrors).image(origin.name)
            #expect(again.digest == image.digest && origin.server.requests.count == 3)
            origin.answer { _ in .init(404) }
            let error = await #expect(throws: ImageError.self) {
                try await RegistryTests.provider("\(folder)/c", mirrors: mirrors).image(origin.name)
            }
            let text = error?.description ?? ""
            #expect(
                text.contains("mirror http://127.0.0.1:1/v2: GET") && text.contains("mirror http://\(mirror.server.host)/v2: GET"),
                "\(text)")
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
