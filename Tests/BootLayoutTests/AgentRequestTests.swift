import JSON
import Testing

@testable import BootLayout

struct AgentRequestTests {
    private static let command: AgentRequest.Command = {
        var command = AgentRequest.Command(["sh", "-c", "echo \"a\nb\""], service: "web")
        command.environment = ["A=b"]
        command.folder = "/tmp"
        command.user = "1:2"
        command.limit = 500
        return command
    }()

    @Test(arguments: [
        AgentRequest.hello("x"), .exec(command), .exec(.init(["ls"])), .services,
        .logs("web", lines: nil, isFollowing: true),
        .logs("web", lines: 0, isFollowing: false), .readFile("/etc/passwd", service: "web", limit: 7), .powerOff,
        .reboot,
    ])
    func linesAreReadBack(request: AgentRequest) throws {
        #expect(request.line.last == 0x0A && !request.line.dropLast().contains(0x0A))
        #expect(try AgentRequest(parsing: request.line) == request)
    }

    @Test(arguments: [
        ("[]", "the request is an array, not an object"), (#"{"do":"dance"}"#, "unknown request 'dance'"),
        (#"{"do":"exec"}"#, "'words' is empty"), (#"{"do":"exec","words":[1]}"#, "'words' is a number"),
        (#"{"do":"logs","lines":-1}"#, "'lines' is negative"), ("{", "a name in quotes is missing at byte 1"),
    ])
    func otherLinesAreRefused(line: String, reason: String) {
        do {
            _ = try AgentRequest(parsing: Array(line.utf8))
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix(reason) || line.contains("[1]"), "\(error)")
        }
    }

    @Test(arguments: ["q3\nabc", "o-1\n", "o99999999\n", "o12345678901", "o1 \nx", "o\n"])
    func malformedRepliesAreRefused(text: String) {
        var bytes = Array(text.utf8)
        #expect(throws: Reply.Malformed.self) { try Reply.take(from: &bytes) }
    }

    @Test func incompleteRepliesAreKept() throws {
        var bytes = Array("x1\n0o3\nab".utf8)
        #expect(try Reply.take(from: &bytes) == [Reply.Chunk(kind: .exit, bytes: Array("0".utf8))])
        #expect(bytes == Array("o3\nab".utf8))
    }

    @Test func stateIsReadBack() throws {
        let state = MachineState(
            isUp: true, uptime: 1234,
            services: [
                .init(name: "web", state: "running", pid: 7, age: 5, restarts: 2, lastEnd: "exit status 1"),
                .init(name: "db", state: "stopped", pid: nil, age: 0, restarts: 0, lastEnd: nil),
            ])
        #expect(try MachineState(parsing: Array(state.jsonValue.text(indent: 0).utf8)) == state)
    }
}
