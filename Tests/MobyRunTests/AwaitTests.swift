import MachineModel
import TestSupport
import Testing

@testable import MobyRun

/// What can be waited for, and the probes for it.
struct AwaitTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://localhost:8443/a/b?c", "https://localhost:8443/a/b"),
        ("http://10.0.0.2/", "http://10.0.0.2/"), ("tcp:6379", "tcp:127.0.0.1:6379"),
        ("tcp:10.0.0.2:22", "tcp:10.0.0.2:22"),
        ("console:login:", "console:login:"), ("console:^ready [0-9]+", "console:^ready [0-9]+"), ("up", "up"),
    ])
    func things(text: String, meaning: String) throws { #expect("\(try ReadinessCheck(parsing: text))" == meaning) }

    @Test(arguments: [
        "", "127.0.0.1:80", "ftp://x", "http://", "tcp:", "tcp:0", "tcp:65536", "tcp::80", "tcp:x", "console:",
        "console:(", "UP",
    ])
    func refusesThing(text: String) {
        let error = #expect(throws: RunError.self) { try ReadinessCheck(parsing: text) }
        #expect(error?.description == "--await: '\(text)' is not a condition to wait for")
    }

    /// On the user network, what is not published cannot be reached.
    @Test(arguments: [
        ("http://example.com/", "--await: 'example.com' is not an address that a port of the guest is published on"),
        ("tcp:10.0.0.9:8080", "--await: '10.0.0.9' is not an address that a port of the guest is published on"),
        ("tcp:9", "--await: port 9 of the host is not published"), ("http://127.0.0.1:8080/", nil),
        ("tcp:10.0.0.9:8081", nil), ("up", nil),
    ])
    func refusesWhatCannotBeReached(text: String, message: String?) throws {
        let wait = ReadinessWait([try ReadinessCheck(parsing: text)])
        var machine = Machine()
        machine.ports = try ["8080:80", "0.0.0.0:8081:81"].map(PublishedPort.init(parsing:))
        var found: RunError?
        do { try wait.check(machine) } catch let error as RunError { found = error }
        #expect(found?.description == message)
        machine.networking = .tap(interface: "tap0")
        try wait.check(machine)
    }

    @Test(arguments: [("300", 300), ("300s", 300), ("5m", 300), ("2h", 7200)])
    func limit(text: String, seconds: Int) throws {
        #expect(try TimeLimit.parse(text, option: "--timeout") == .seconds(seconds))
    }

    @Test(arguments: ["", "0", "-1", "1.5", "5d", "m", "99999999999999999999"])
    func refusesLimit(text: String) {
        #expect(throws: RunError.self) { try TimeLimit.parse(text, option: "--timeout") }
    }

    /// QEMU 7.2, with a connection that the guest accepted and one that it has not answered.
    @Test func readsTheUserNetwork() {
        let text = """
            Hub -1 (net0):
              Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
              TCP[ESTABLISHED]   18       127.0.0.1  8080       10.0.2.15    80     0     0
              TCP[SYN_SENT]      19       127.0.0.1  8081       10.0.2.15    81     0     0
              TCP[HOST_FORWARD]  12       127.0.0.1  8082       10.0.2.15    82     0     0
            """
        // Its lines end as on a terminal.
        let rows = text.replacing("\n", with: "\r\n")
        #expect([8080, 8081, 8082, 80].map { TCPProbe.isEstablished($0, in: rows) } == [true, false, false, false])
    }

    private func port(_ server: ScriptedServer) throws -> UInt16 {
        try #require(server.host.split(separator: ":").last.flatMap { UInt16($0) })
    }

    @Test func connectsToWhatListens() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response() }
        #expect(TCPProbe(host: "localhost", port: try port(server), forwarder: nil).accepts(within: .seconds(60)))
        #expect(
            !TCPProbe(host: "127.0.0.1", port: try GuestMachine.freePort(), forwarder: nil).accepts(
                within: .seconds(60)))
    }

    /// Every status is an answer, and the end of a body is not waited for.
    @Test(arguments: [200, 302, 404, 503])
    func everyStatusIsAnAnswer(status: Int) throws {
        let server = try ScriptedServer { _ in
            var response = ScriptedServer.Response(status, headers: ["Server": "x"], text: "abc")
            response.isEndless = true
            return response
        }
        guard case .web(let url) = try ReadinessCheck(parsing: "http://\(server.host)/") else {
            throw RunError("not a URL")
        }
        let answer = try #require(try WebProbe(url).ask(within: .seconds(60)))
        #expect(answer.status == status)
        #expect(answer.head.hasPrefix("HTTP/1.1 \(status) Scripted\n") && answer.head.contains("Server: x"))
        #expect(answer.body.utf8.count == 65536)
    }

    /// A timeout without the last reason leaves the user to guess.
    @Test func theReasonOfAMissingAnswerIsKept() throws {
        let check = try ReadinessCheck(parsing: "http://127.0.0.1:\(try GuestMachine.freePort())/")
        let pending = try PendingChecks([check], forwarded: [], control: nil)
        #expect(pending.failure.isEmpty)
        guard case .web(let probe) = try #require(pending.pending.first).probe else { throw RunError("not a URL") }
        #expect(probe.ask(within: .seconds(60)) == nil)
        let (mark, failure) = ("; the last attempt: ", pending.failure)
        #expect(failure.hasPrefix(mark) && failure.count > mark.count)
    }

    @Test func certificatesAreNotChecked() async throws {
        let folder = try TemporaryFolder()
        let server = try ScriptedServer { _ in ScriptedServer.Response(text: "hello") }
        let front = try await TLSFront(before: try port(server), in: folder.path)
        guard case .web(let url) = try ReadinessCheck(parsing: front.url) else { throw RunError("not a URL") }
        #expect(try WebProbe(url).ask(within: .seconds(60))?.body == "hello")
    }

    @Test(arguments: [
        ("console=ttyS0", Architecture.amd64, nil), ("console=tty0 console=ttyS0,115200n8 quiet", .amd64, nil),
        ("console=ttyAMA0", .arm64, nil),
        (
            "console=ttyS1", .amd64,
            "warning: the kernel's console is ttyS1, but this terminal shows ttyS0; add console=ttyS0 to kernel.cmdline"
        ),
        (
            "quiet", .arm64,
            "warning: the kernel command line names no console, but this terminal shows ttyAMA0; "
                + "add console=ttyAMA0 to kernel.cmdline"
        ),
    ])
    func consoleThatIsNotShown(line: String, architecture: Architecture, warning: String?) {
        #expect(KernelConsoles(line).warning(for: architecture) == warning)
    }
}
