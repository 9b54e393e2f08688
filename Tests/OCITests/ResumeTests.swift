import Extents
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// Downloads that go on where an earlier process was interrupted.
struct ResumeTests {
    private static let begun = 1000

    private struct Workshop {
        let registry: ScriptedRegistry
        let store: ContentStore
        let partial: String
        var bytes: [UInt8] { registry.sample.blobs[registry.layer.digest] ?? [] }

        init(_ folder: String) throws {
            registry = try ScriptedRegistry()
            store = try ContentStore(path: folder)
            partial = "\(try store.temporaryPath)/\(registry.layer.digest.hex).partial"
        }

        func pull() async throws {
            _ = try await ImageProvider(store: store, options: amd64, retry: RetryPolicy(firstPause: .zero)).image(
                registry.name)
        }

        private var amd64: ImageProvider.Options {
            var options = ImageProvider.Options()
            options.platform = Platform(architecture: "amd64")
            return options
        }

        func leave(_ bytes: [UInt8]) throws { try TestFile.write(bytes, to: partial) }

        func answerRanges() {
            registry.answer { [registry, bytes] request in
                guard registry.isLayer(request), let range = request.headers["range"] else { return nil }
                guard let start = Int(range.dropFirst("bytes=".count).dropLast()), start < bytes.count else {
                    return .init(416)
                }
                return .init(
                    206, headers: ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
                    body: Array(bytes[start...]))
            }
        }

        var ranges: [String?] {
            registry.server.requests.filter { registry.isLayer($0) }.map { $0.headers["range"] }
        }

        func checkWhole() throws {
            #expect(try HostFiles.read(store.blobPath(registry.layer.digest), limit: .max) == bytes)
            #expect(try FolderTree.names(in: store.temporaryPath).isEmpty)
        }
    }

    @Test func theRestIsRequested() async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            workshop.answerRanges()
            try workshop.leave(Array(workshop.bytes.prefix(Self.begun)))
            try await workshop.pull()
            #expect(workshop.ranges == ["bytes=\(Self.begun)-"])
            try workshop.checkWhole()
        }
    }

    @Test func aServerWithoutRangesSendsAll() async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            try workshop.leave(Array(workshop.bytes.prefix(Self.begun)))
            try await workshop.pull()
            #expect(workshop.ranges == ["bytes=\(Self.begun)-"])
            try workshop.checkWhole()
        }
    }

    /// A process that ended between the last byte and the check needs no server.
    @Test func aWholeFileIsOnlyChecked() async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            try workshop.leave(workshop.bytes)
            try await workshop.pull()
            #expect(workshop.ranges.isEmpty)
            try workshop.checkWhole()
        }
    }

    /// What a loss of power left has other bytes: the digest tells, and all is fetched again.
    @Test(arguments: [begun, nil]) func wrongBeginningsAreFetchedAgain(length: Int?) async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            workshop.answerRanges()
            try workshop.leave([UInt8](repeating: 0, count: length ?? workshop.bytes.count))
            try await workshop.pull()
            #expect(workshop.ranges == (length == nil ? [nil] : ["bytes=\(Self.begun)-", nil]))
            try workshop.checkWhole()
        }
    }

    @Test func tooManyBytesAreDropped() async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            try workshop.leave(workshop.bytes + [0])
            try await workshop.pull()
            #expect(workshop.ranges == [nil])
            try workshop.checkWhole()
        }
    }

    /// A file that another process writes is left to it.
    @Test func aLockedFileIsNotTouched() async throws {
        try await withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            try workshop.leave([1, 2, 3])
            let other = open(workshop.partial, O_RDWR | O_CLOEXEC)
            defer { close(other) }
            try #require(flock(other, LOCK_EX) == 0)
            try await workshop.pull()
            #expect(workshop.ranges == [nil])
            #expect(try HostFiles.read(workshop.partial, limit: 10) == [1, 2, 3])
            #expect(try workshop.store.has(workshop.registry.layer.digest, size: UInt64(workshop.bytes.count)))
        }
    }

    /// Files that no one went on with for a week go with the next use of the store; prune removes younger ones.
    @Test func oldFilesAreRemoved() throws {
        try withTemporaryDirectory { folder in
            let workshop = try Workshop(folder)
            let old = "\(try workshop.store.temporaryPath)/\(String(repeating: "a", count: 64)).partial"
            try workshop.leave([1])
            try TestFile.write([1], to: old)
            var times = [timeval(tv_sec: time(nil) - 8 * 86400, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
            times[1] = times[0]
            try #require(utimes(old, &times) == 0)
            let store = try ContentStore(path: folder)
            try store.prepare()
            #expect(try !HostFiles.isTaken(old) && HostFiles.isTaken(workshop.partial))
            #expect(try store.contents().others == [])
            let pruned = try store.prune(notUsedSince: Int64(time(nil)) + 1)
            // The other value has the store open as another process does: nothing young is removed then.
            #expect(try pruned.isShared && HostFiles.isTaken(workshop.partial))
        }
    }
}
