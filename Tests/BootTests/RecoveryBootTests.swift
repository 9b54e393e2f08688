import Foundation
import OCI
import TestSupport
import Testing

/// A machine that hangs, and one with an unhealthy service, start again; and a network of several cards. It takes three
/// boots: only `make test-examples` has the time.
@Suite(.serialized, .enabled(if: ImageBootTests.bootsAll)) struct RecoveryBootTests {
    @Test(.bootedAgain, .timeLimit(.minutes(12))) func machineStartsAgain() async throws {
        try await withTemporaryDirectory { folder in
            let image = "\(folder)/checked"
            try Self.checked().write(layout: image)
            try Program.passTest(["--set", "CHECKED=\(image)", "Tests/BootTests/Recovery/recovery.yml"])
        }
    }

    /// An image that brings nothing but the way to check it.
    private static func checked() throws -> SampleImage {
        let json = #"""
            {"Cmd": ["/usr/bin/busybox", "sleep", "99999"],
             "Healthcheck": {"Test": ["CMD", "/usr/bin/busybox", "true"], "Interval": 1000000000}}
            """#
        let execution = try JSONDecoder().decode(ImageConfig.Execution.self, from: Data(json.utf8))
        return try SampleImage(
            layers: [SampleTar.archive([SampleTar.entry("usr/", type: "5", mode: 0o755)])], execution: execution)
    }
}
