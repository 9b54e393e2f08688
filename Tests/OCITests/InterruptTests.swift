import Foundation
import Glibc
import MobyRun
import OCI
import TestSupport
import Testing

struct InterruptTests {
    /// A signal in the middle of a download ends the program as signals do, and nothing unfinished stays in the store.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func signalRemovesWhatIsUnfinished(signal: Int32) async throws {
        let registry = try ScriptedRegistry()
        registry.answer { request in
            guard registry.isLayer(request) else { return nil }
            var response = ScriptedServer.Response(
                body: [UInt8](repeating: 0, count: 1 << 16), length: Int(registry.layer.size))
            response.isHeld = true
            return response
        }
        try await withTemporaryDirectory { folder in
            let unfinished = { (try? TestFile.names(in: "\(folder)/tmp")) ?? [] }
            let program = try ChildProcess.start(
                try Program.path(), ["cache", "pull", "--cache", folder, registry.name])
            let end = ContinuousClock.now + .seconds(120)
            while unfinished().isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
            #expect(!unfinished().isEmpty)
            program.send(signal)
            #expect(program.wait(within: .seconds(120)) == 128 + signal)
            #expect(unfinished().isEmpty)
        }
    }
}
