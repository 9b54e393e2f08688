import Extents
import Glibc
import MobyRun
import OCI
import Synchronization
import TestSupport
import Testing

struct InterruptTests {
    /// A signal in the middle of a download ends the program as signals do, and the next run fetches the rest only.
    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func downloadsGoOnAfterASignal(signal: Int32) async throws {
        let registry = try ScriptedRegistry()
        let bytes = try #require(registry.sample.blobs[registry.layer.digest])
        let half = bytes.count / 2
        // On a busy machine the first run may ask again before this test has seen its file.
        let isSecondRun = Atomic(false)
        registry.answer { request in
            guard registry.isLayer(request) else { return nil }
            guard request.headers["range"] == nil else {
                var rest = ScriptedServer.Response(
                    206, headers: ["Content-Range": "bytes \(half)-\(bytes.count - 1)/\(bytes.count)"],
                    body: isSecondRun.load(ordering: .acquiring) ? Array(bytes[half...]) : [],
                    length: bytes.count - half)
                rest.isHeld = !isSecondRun.load(ordering: .acquiring)
                return rest
            }
            var response = ScriptedServer.Response(body: Array(bytes[..<half]), length: bytes.count)
            response.isHeld = true
            return response
        }
        try await withTemporaryDirectory { folder in
            let partial = "\(folder)/tmp/\(registry.layer.digest.hex).partial"
            let arguments = ["cache", "pull", "--cache", folder, registry.name]
            let program = try ChildProcess.start(try Program.path(), arguments)
            let end = ContinuousClock.now + .seconds(120)
            while try HostFiles.size(partial) != UInt64(half), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(5))
            }
            program.send(signal)
            #expect(program.wait(within: .seconds(120)) == 128 + signal)
            #expect(try FolderTree.names(in: "\(folder)/tmp") == ["\(registry.layer.digest.hex).partial"])
            isSecondRun.store(true, ordering: .releasing)
            let second = try Program.run(arguments, environment: ["MOBY_PROGRESS": "plain"])
            #expect(second.status == 0, "\(second.error)")
            #expect(second.error.contains("already present"), "\(second.error)")
            let asked = registry.requests(ending: "/blobs/\(registry.layer.digest)").map { $0.headers["range"] }
            #expect(asked.first == .some(nil) && asked.dropFirst().allSatisfy { $0 == "bytes=\(half)-" })
            #expect(try FolderTree.names(in: "\(folder)/tmp").isEmpty)
        }
    }
}
