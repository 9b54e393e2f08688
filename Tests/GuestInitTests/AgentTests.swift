import CInit
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import BootLayout
@testable import GuestInit

/// The agent on a socket pair, which reports its peer's end as a serial port does.
struct AgentTests {
    final class Host {
        let guest: Guest
        let supervisor: Supervisor
        var ending: ShutdownKind?
        private(set) var socket: Int32
        private var received: [UInt8] = []
        private var session: AgentSession?

        /// - Parameter commands: services and what they run; runc is a script that runs the same for `exec`.
        init(_ commands: [(String, String)] = []) throws {
            guest = try Guest(runc: Self.runc)
            for (name, command) in commands { try guest.bundle("services", name, command) }
            supervisor = try guest.supervisor()
            var ends: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
            for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
            socket = ends[0]
            let agent = Agent(supervisor: supervisor, isUp: { true }, shutdown: { [unowned self] in ending = $0 })
            session = try agent.session(on: ends[1])
            supervisor.startAll()
            #expect(guest.wait { supervisor.isSettled })
            #expect(try answer() == [Reply.Chunk(kind: .hello, bytes: [])])
        }

        static let runc = """
            #!/bin/bash
            # --root STATE exec --detach --pid-file FILE NAME WORD...
            if [ "$3" = exec ]; then
              file=$6; shift 7
              [ "$1" = missing ] && { echo 'exec failed: exec: "missing": executable file not found in $PATH' >&2; exit 255; }
              setsid "$@" &
              echo $! > "$file"
              exec true
            fi

            """ + Guest.runc.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"

        func send(_ bytes: [UInt8]) { GuestConsole.send(bytes, to: socket) }

        /// Turns until PID 1 has taken more than fits into the socket.
        func flood(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            return guest.wait {
                let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, 0) }
                rest = rest.dropFirst(max(0, count))
                return rest.isEmpty
            }
        }

        /// Turns until the answer is complete.
        func answer() throws -> [Reply.Chunk] {
            var chunks: [Reply.Chunk] = []
            var problem: (any Error)?
            let isComplete = guest.wait {
                receive()
                do { chunks += try Reply.take(from: &received) } catch { problem = error }
                return problem != nil || chunks.last?.kind == .exit || chunks.last?.kind == .hello
            }
            if let problem { throw problem }
            #expect(isComplete, "\(chunks.map { "\($0.kind) \($0.text.prefix(80))" }), \(received.count) bytes more")
            return chunks
        }

        /// Turns until these bytes arrive, and drops what came before them.
        func skips(to bytes: [UInt8]) -> Bool {
            guest.wait {
                receive()
                guard let found = received.firstRange(of: bytes) else { return false }
                received.removeFirst(found.upperBound)
                return true
            }
        }

        func ask(_ request: AgentRequest) throws -> [Reply.Chunk] {
            send(request.line)
            return try answer()
        }

        private func receive() {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 { received += buffer[..<count] }
        }

        func end() {
            close(socket)
            supervisor.services.forEach { supervisor.stop($0) }
            #expect(guest.wait { supervisor.services.allSatisfy { !$0.isAlive } })
        }
    }

    private static func text(_ chunks: [Reply.Chunk], _ kind: Reply.Kind) -> String {
        chunks.filter { $0.kind == kind }.map(\.text).joined()
    }

    @Test func programsOfTheRootRun() throws {
        let host = try Host()
        let chunks = try host.ask(.exec(.init(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])))
        #expect(Self.text(chunks, .output) == "out\n" && Self.text(chunks, .errors) == "err\n")
        #expect(chunks.last?.status == 3)
        #expect(try host.ask(.exec(.init(["/bin/sh", "-c", "kill -9 $$"]))).last?.status == 137)
        let missing = try host.ask(.exec(.init(["no-such-program"])))
        #expect(missing.last?.status == 127 && Self.text(missing, .problem) == "'no-such-program' is not in the root")
        var slow = AgentRequest.Command(["/bin/sleep", "1000"])
        slow.limit = 50
        let late = try host.ask(.exec(slow))
        #expect(late.last?.status == 124 && Self.text(late, .problem) == "timed out after 0.05 s")
        host.end()
    }

    @Test func programsOfContainersRun() throws {
        let host = try Host([("web", "exec sleep 1000"), ("bad", "exit 1")])
        let chunks = try host.ask(.exec(.init(["sh", "-c", "echo out; exit 5"], service: "web")))
        #expect(Self.text(chunks, .output) == "out\n" && chunks.last?.status == 5)
        let missing = try host.ask(.exec(.init(["missing"], service: "web")))
        #expect(missing.last?.status == 127)
        #expect(Self.text(missing, .problem) == "'missing' cannot be started: it is not in any directory of PATH")
        let unknown = try host.ask(.exec(.init(["true"], service: "db")))
        #expect(unknown.last?.status == 125 && Self.text(unknown, .problem) == "no service 'db'; services: bad, web")
        host.end()
    }

    /// More output than all buffers hold arrives whole, and a reader that is slow holds the program up.
    @Test func outputIsNotLost() throws {
        let host = try Host()
        let chunks = try host.ask(.exec(.init(["/bin/sh", "-c", "head -c 3000000 /dev/zero; echo end"])))
        let bytes = chunks.filter { $0.kind == .output }.flatMap(\.bytes)
        #expect(bytes.count == 3_000_004 && bytes.suffix(4) == Array("end\n".utf8) && chunks.last?.status == 0)
        host.end()
    }

    @Test func reportsServicesLogsAndFiles() throws {
        let host = try Host([("web", "echo one; echo two; echo no >&2; exec sleep 1000")])
        #expect(host.guest.wait { host.guest.folder.text("logs/web.out.log") == "one\ntwo\n" })
        let state = try MachineState(parsing: Array(Self.text(try host.ask(.services), .output).utf8))
        #expect(state.isUp && state.services.map(\.name) == ["web"] && state.services.map(\.state) == ["running"])
        #expect(state.services.allSatisfy { $0.restarts == 0 && $0.pid ?? 0 > 1 && $0.lastEnd == nil })
        let logs = try host.ask(.logs("web", lines: 1, isFollowing: false))
        #expect(Self.text(logs, .output) == "two\n" && Self.text(logs, .errors) == "no\n")
        let path = try host.guest.folder.write("file", "0123456789")
        #expect(Self.text(try host.ask(.readFile(path, service: nil, limit: 4)), .output) == "0123")
        let folder = try host.ask(.readFile(host.guest.folder.path, service: nil, limit: 4))
        #expect(folder.last?.status == 1 && Self.text(folder, .problem).hasSuffix("Is a directory"))
        #expect(try host.ask(.readFile(path + "x", service: nil, limit: 4)).last?.status == 1)
        #expect(try host.ask(.powerOff).last?.status == 0)
        #expect(host.ending == .poweroff)
        host.end()
    }

    /// A new client is not answered with what the one before asked for, whose program ends.
    @Test func newClientEndsWhatTheLastBegan() throws {
        let host = try Host()
        let mark = host.guest.folder.file("pid")
        host.send(AgentRequest.exec(.init(["/bin/sh", "-c", "echo $$ > \(mark); exec sleep 1000"])).line)
        #expect(host.guest.wait { (host.guest.folder.text("pid") ?? "").hasSuffix("\n") })
        let pid = try #require(pid_t((host.guest.folder.text("pid") ?? "").dropLast()))
        host.send(Array("{\"do\":\"half a".utf8))
        host.send([0x0A] + AgentRequest.hello("again").line)
        let chunks = try host.answer()
        #expect(chunks.last == Reply.Chunk(kind: .hello, bytes: Array("again".utf8)))
        #expect(host.guest.wait { kill(pid, 0) != 0 })
        #expect(try host.ask(.services).last?.status == 0)
        host.end()
    }

    @Test func programEndsWithItsClient() throws {
        let host = try Host()
        let mark = host.guest.folder.file("pid")
        host.send(AgentRequest.exec(.init(["/bin/sh", "-c", "echo $$ > \(mark); exec sleep 1000"])).line)
        #expect(host.guest.wait { (host.guest.folder.text("pid") ?? "").hasSuffix("\n") })
        let pid = try #require(pid_t((host.guest.folder.text("pid") ?? "").dropLast()))
        host.end()
        #expect(host.guest.wait { kill(pid, 0) != 0 })
    }

    /// Whatever a host sends, PID 1 answers the next client.
    @Test(arguments: 0..<40) func survivesAnyBytes(seed: UInt64) throws {
        let host = try Host()
        var numbers = Numbers(seed)
        let valid = [
            AgentRequest.services.line, AgentRequest.logs("x", lines: 3, isFollowing: true).line,
            AgentRequest.readFile("/proc/self/environ", service: nil, limit: 10).line,
            AgentRequest.exec(.init(["/bin/true"])).line,
        ]
        for _ in 0..<20 {
            var bytes = valid[Int.random(in: 0..<valid.count, using: &numbers)]
            for _ in 0..<Int.random(in: 0...4, using: &numbers) {
                bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            if Int.random(in: 0..<8, using: &numbers) == 0 { bytes = [UInt8](repeating: 0x7B, count: 200_000) }
            if Int.random(in: 0..<4, using: &numbers) == 0 { bytes.removeLast(bytes.count / 2) }
            #expect(host.flood(bytes))
        }
        #expect(host.flood([0x0A] + AgentRequest.hello("here I am").line))
        // The answers to the noise come first, the last of them cut short.
        #expect(host.skips(to: Reply.chunk(.hello, "here I am".utf8)))
        #expect(try host.ask(.services).last?.status == 0)
        host.end()
    }

    @Test(arguments: [(0, ""), (1, "c\n"), (2, "b\nc\n"), (9, "a\nb\nc\n")])
    func lastLines(count: Int, text: String) {
        #expect(AgentSession.last(count, of: Array("a\nb\nc\n".utf8)) == Array(text.utf8))
    }

    @Test func onlyTheAgentsPortsAreOpened() throws {
        let host = try Host()
        let folder = host.guest.folder
        try folder.write("ports/vport0p1/name", "moby.agent.0\n")
        try folder.write("ports/vport0p2/name", "org.qemu.guest_agent.0\n")
        let path = folder.file("vport0p1")
        #expect(mkfifo(path, 0o600) == 0)
        let agent = Agent(
            supervisor: host.supervisor, isUp: { true }, shutdown: { _ in }, root: folder.file("ports"),
            devices: folder.path)
        try agent.openPorts()
        // Opened for reading and writing, so that a writer does not have to wait.
        let writer = open(path, O_WRONLY | O_NONBLOCK)
        #expect(writer >= 0)
        close(writer)
        host.end()
    }

    @Test(arguments: [
        ("moby.agent", true), ("quiet moby.agent=1", true), ("moby.agent=0", false), ("moby.agents", false),
        ("-- moby.agent", false), ("", false),
    ])
    func kernelParameter(line: String, isOn: Bool) { #expect(KernelCommandLine(line).opensAgent == isOn) }
}
