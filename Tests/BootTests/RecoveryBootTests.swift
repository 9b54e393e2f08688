import Foundation
import OCI
import TestSupport
import Testing

/// A machine that hangs, and one with an unhealthy service, start again; and a network of several cards. It takes three
/// boots: only `make test-examples` has the time.
@Suite(.serialized, .enabled(if: ImageBootTests.bootsAll)) struct RecoveryBootTests {
    @Test(.bootedAgain, .timeLimit(.minutes(8))) func machineStartsAgain() async throws {
        try await withTemporaryDirectory { folder in
            let image = "\(folder)/checked"
            try Self.checked().write(layout: image)
            let result = try Program.run([
                "test", "--accel", "tcg", "--timeout", "300", "--set", "CHECKED=\(image)",
                "Tests/BootTests/Recovery/recovery.yml",
            ])
            #expect(result.status == 0, "\(result.output)\(result.error)")
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
