import Foundation
import MobyRun
import TestSupport
import Testing

/// A machine in the background, used by the commands for machines that run.
@Suite(.serialized, .bootedAgain) struct AgentBootTests {
    @Test(.timeLimit(.minutes(6))) func isListedUsedAndStopped() async throws {
        try await withTemporaryDirectory { folder in
            try Program.moby(["build", "--dir", folder, "examples/nginx.yml"])
            func moby(_ words: String...) throws -> Program.Result {
                try Program.run(words, environment: ["XDG_RUNTIME_DIR": folder])
            }
            let start = try moby(
                "run", "--detached", "--agent", "--accel", "tcg", "--mem", "512", "--name", "web", folder + "/nginx")
            #expect(start.output.hasPrefix("machine  web\nprocess  "), "\(start)")
            defer { _ = try? moby("stop", "--force", "web") }

            let version = try moby("exec", "--wait", "160", "w", "-c", "nginx", "--", "nginx", "-v")
            guard version.status == 0 else { throw RunError("the agent: \(version)") }
            #expect(version.error.hasPrefix("nginx version: nginx/"))
            #expect(try moby("exec", "-c", "getty", "--", "sh", "-c", "echo out; exit 3").status == 3)
            let much = try moby("exec", "-c", "getty", "--", "sh", "-c", "yes | head -c 3000000")
            #expect(much.status == 0 && much.output.utf8.count == 3_000_000)
            let missing = try moby("exec", "-c", "nginx", "--", "no-such-program")
            #expect(missing.status == 127 && missing.error.contains("not in any directory of PATH"), "\(missing)")
            #expect(try moby("exec", "--", "service", "list").output.contains("nginx  running"))

            #expect(try moby("logs", "web", "nginx").error.contains("start worker process"))
            #expect(try moby("logs", "web").output.contains("Welcome to moby"))
            let list = try moby("ps").output.split(separator: "\n")
            #expect(list.count == 2 && list[1].hasPrefix("web   ") && list[1].contains("  running  "), "\(list)")

            let stop = try moby("stop")
            #expect(stop.status == 0 && stop.error.contains("'web' powered off in"), "\(stop)")
            #expect(try moby("ps").output == "")
            #expect(try moby("exec", "web", "--", "true").status == 125)
        }
    }
}
