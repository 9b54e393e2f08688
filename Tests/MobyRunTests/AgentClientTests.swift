import BootLayout
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// The client of the agent with a script in PID 1's place.
struct AgentClientTests {
    /// Answers each line of one connection.
    private final class Script: Sendable {
        let machine: MachineEntry
        private let folder: TemporaryFolder

        init(_ answer: @escaping @Sendable (AgentRequest) -> [UInt8]) throws {
            folder = try TemporaryFolder()
            var entry = MachineEntry(
                name: "web", pid: getpid(), ticks: 0, image: "web", started: 0, ports: [], hasAgent: true)
            entry.folder = folder.path
            machine = entry
            let listener = try Self.listen(MachineSockets(folder: folder.path).agent(0))
            Thread.detachNewThread {
                let file = accept(listener, nil, nil)
                var pending: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 4096)
                while case let count = recv(file, &buffer, buffer.count, 0), count > 0 {
                    pending += buffer[..<count]
                    while let newline = pending.firstIndex(of: 0x0A) {
                        let line = Array(pending[..<newline])
                        pending.removeFirst(newline + 1)
                        guard let request = try? AgentRequest(parsing: line) else { continue }
                        let bytes = answer(request)
                        _ = send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                    }
                }
                close(file)
                close(listener)
            }
        }

        private static func listen(_ path: String) throws -> Int32 {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0 && Glibc.listen(file, 1) == 0)
            return file
        }
    }

    private func answers(_ rest: [UInt8]) -> @Sendable (AgentRequest) -> [UInt8] {
        { request in
            guard case .hello(let text) = request else { return rest }
            // What an earlier client left unread, in the middle of a chunk.
            return Array("32\nold output".utf8) + Reply.exit(9) + Reply.chunk(.hello, [])
                + Reply.chunk(.hello, text.utf8)
        }
    }

    @Test func resultsAreThoseOfThisClient() throws {
        let script = try Script(
            answers(
                Reply.output("out".utf8) + Reply.chunk(.alive, []) + Reply.chunk(.errors, "err".utf8)
                    + Reply.chunk(.problem, "why\u{1B}".utf8) + Reply.exit(126)))
        let agent = try AgentClient(script.machine)
        let result = try agent.exec(AgentRequest.Command(["x"]))
        #expect(result.status == 126 && result.problem == "why\\x1b")
        #expect(result.output == Array("out".utf8) && result.errors == Array("err".utf8))
        #expect(throws: AgentError("why\\x1b")) { try agent.readFile("/etc/hostname") }
    }

    @Test(arguments: [
        (Reply.chunk(.hello, []), "machine 'web' restarted"),
        (Array("o99999999\n".utf8), "the agent of 'web' sent something that is not an answer"),
        (Array("HTTP/1.1 400".utf8), "the agent of 'web' sent something that is not an answer"),
        (Reply.output("no state".utf8) + Reply.exit(0), "the agent of 'web' sent no state"),
    ])
    func hostileAnswersAreErrors(answer: [UInt8], text: String) throws {
        let script = try Script(answers(answer))
        defer { withExtendedLifetime(script) {} }
        let agent = try AgentClient(script.machine)
        do {
            _ = try agent.state()
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix(text), "\(error)")
        }
    }

    @Test func silenceIsAnError() throws {
        let script = try Script { _ in [] }
        let error = #expect(throws: AgentError.self) { try AgentClient(script.machine, within: .milliseconds(50)) }
        #expect(error?.hint?.contains("moby.agent") == true)
    }

    /// QEMU has not made the port's socket yet.
    @Test func failedConnectionsLeavePortsFree() throws {
        var machine = try Script { _ in [] }.machine
        machine.folder += "/none"
        try FileManager.default.createDirectory(atPath: machine.folder, withIntermediateDirectories: true)
        for _ in 0...MachineSockets.agentPorts {
            let error = #expect(throws: AgentError.self) { try AgentClient(machine, within: .milliseconds(50)) }
            #expect(error?.description == "connecting to the agent of 'web': no such file or directory")
        }
    }

    @Test func machinesWithoutAnAgentAreErrors() throws {
        var machine = try Script { _ in [] }.machine
        machine.hasAgent = false
        #expect(throws: AgentError.self) { try AgentClient(machine) }
    }
}
