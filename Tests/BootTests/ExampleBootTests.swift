import Foundation
import MobyRun
import TestSupport
import Testing

/// The classic examples, built by the program and booted in QEMU under emulation.
@Suite(.serialized, .bootedAgain) struct ExampleBootTests {
    /// nginx answers; runc knows it; killed, it comes back; the machine powers off on request, within three seconds.
    @Test(.timeLimit(.minutes(6))) func nginxServesIsRestartedAndEnds() async throws {
        try await withTemporaryDirectory { folder in
            let port = try GuestMachine.freePort()
            let guest = try BootedMachine.start(spec: "examples/nginx.yml", in: folder, ports: ["\(port):80"])
            let url = "http://127.0.0.1:\(port)/"
            let first = try guest.machine.answer(from: url, within: .seconds(120))
            #expect(first.answer.status == 200)
            #expect(first.answer.head.contains("Server: nginx"))

            _ = try guest.machine.line(containing: "built-in shell", within: .seconds(60))
            let list = try guest.shell("runc list", mark: 1)
            let line = try #require(list.split(separator: "\n").first { $0.hasPrefix("nginx") })
            #expect(line.contains("running"))
            #expect(line.contains("/containers/services/nginx"))

            let pid = line.split(separator: " ")[1]
            try guest.shell("kill -9 \(pid)", mark: 2)
            _ = try guest.machine.line(containing: "service nginx ended: killed by SIGKILL", within: .seconds(60))
            try guest.shell("while ! runc list | grep -q 'nginx .*running'; do sleep 1; done", mark: 3)
            #expect(try guest.machine.answer(from: url, within: .seconds(60)).answer.status == 200)

            guest.machine.pressPowerButton()
            let start = ContinuousClock.now
            #expect(try guest.machine.waitForEnd(within: .seconds(60)) == 0)
            // Three seconds is the aim on an idle host; the bound leaves room for a busy one.
            #expect(ContinuousClock.now - start < .seconds(45))
        }
    }

    /// What `moby init web` writes serves its page.
    @Test(.timeLimit(.minutes(6))) func firstSpecServesItsPage() async throws {
        try await withTemporaryDirectory { folder in
            let port = try GuestMachine.freePort()
            try Program.moby(["init", "--quiet", "\(folder)/web"])
            let guest = try BootedMachine.start(spec: "\(folder)/web.yml", in: folder, ports: ["\(port):80"])
            let answer = try guest.machine.answer(from: "http://127.0.0.1:\(port)/", within: .seconds(120)).answer
            #expect(answer.status == 200)
            #expect(answer.body.contains("<h1>It works</h1>"))
            guest.machine.terminate()
        }
    }

    /// The smallest machine boots in little memory and powers off from its shell.
    @Test(.timeLimit(.minutes(6))) func minimalMachineEndsFromItsShell() async throws {
        try await withTemporaryDirectory { folder in
            let guest = try BootedMachine.start(spec: "examples/minimal.yml", in: folder, memory: 256)
            _ = try guest.machine.line(containing: "built-in shell", within: .seconds(120))
            // Ctrl-C ends a program, and only that. The program itself speaks: it has the terminal then.
            try guest.machine.type("sh -c 'echo sleeping-$((6 * 7)); exec sleep 1000'\n")
            _ = try guest.machine.line(containing: "sleeping-42", within: .seconds(60))
            try guest.machine.type("\u{3}")
            try guest.shell("true", mark: 1)
            try guest.machine.type("poweroff\n")
            #expect(try guest.machine.waitForEnd(within: .seconds(90)) == 0)
        }
    }
}
