import BootLayout
import CInit
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct ControlTests {
    @Test(arguments: [
        ControlRequest.list, .start("web"), .stop("web"), .restart("a b"), .logs("web", isFollowing: true),
        .logs("web", isFollowing: false),
        .shutdown(.poweroff), .shutdown(.halt),
    ])
    func requestsSurviveTheSocket(request: ControlRequest) { #expect(ControlRequest(line: request.line) == request) }

    @Test(arguments: ["", "list\tx", "start", "start\ta\tb", "shutdown\tnow", "format\tdisk"])
    func otherLinesAreRefused(line: String) { #expect(ControlRequest(line: line) == nil) }

    @Test(arguments: [
        ("service", [], ControlRequest.list), ("service", ["list"], .list), ("service", ["stop", "web"], .stop("web")),
        ("service", ["logs", "-f", "web"], .logs("web", isFollowing: true)),
        ("service", ["logs", "web"], .logs("web", isFollowing: false)),
        ("service", ["poweroff"], .shutdown(.poweroff)), ("reboot", [], .shutdown(.reboot)),
        ("poweroff", ["-f"], .shutdown(.poweroff)),
        ("service", ["stop"], nil), ("service", ["bogus"], nil), ("service", ["logs", "-x", "web"], nil),
        ("halt", ["now"], nil),
    ])
    func commandLines(command: String, arguments: [String], request: ControlRequest?) {
        #expect(ControlClient.request(command, arguments) == request)
    }

    @Test func repliesAreTakenApartHoweverTheyArrive() throws {
        let whole = Reply.output("a\nb".utf8) + Reply.error("no") + Reply.exit(3)
        var (buffer, letters, texts): ([UInt8], String, [String]) = ([], "", [])
        for byte in whole {
            buffer.append(byte)
            for chunk in try Reply.take(from: &buffer) {
                letters.unicodeScalars.append(Unicode.Scalar(chunk.kind.rawValue))
                texts.append(chunk.text)
            }
        }
        #expect(letters == "oex" && texts == ["a\nb", "no\n", "3"] && buffer.isEmpty)
    }

    @Test func columnsLineUp() {
        #expect(
            ServiceTable.text([["NAME", "STATE"], ["web", "running"], ["longer", ""]])
                == "NAME    STATE\nweb     running\nlonger  \n")
    }
}

struct ControlServerTests {
    /// A client that takes turns with the server.
    final class Client {
        private let socket: Int32
        private var pending: [UInt8] = []
        private(set) var output = ""
        private(set) var errors = ""
        private(set) var status: Int32?

        init(_ path: String, _ line: String, _ loop: EventLoop) throws {
            socket = try SystemError.check(cinit_connect(path), "connect", path)
            GuestConsole.send(Array((line + "\n").utf8), to: socket)
            try loop.watch(file: socket) { [self] _ in read() }
        }

        private func read() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            pending.append(contentsOf: buffer[..<max(0, count)])
            for chunk in (try? Reply.take(from: &pending)) ?? [] {
                switch chunk.kind {
                case .output: output += chunk.text
                case .exit: status = chunk.status
                default: errors += chunk.text
                }
            }
        }
    }

    final class Machine {
        let guest: Guest
        let supervisor: Supervisor
        var ending: ShutdownKind?
        private var server: ControlServer?

        init(_ commands: [(String, String)]) throws {
            guest = try Guest()
            for (name, command) in commands { try guest.bundle("services", name, command) }
            supervisor = try guest.supervisor()
            supervisor.startAll()
            server = try ControlServer(path: path, supervisor: supervisor) { [unowned self] in ending = $0 }
            #expect(guest.wait { supervisor.isSettled })
        }

        var path: String { guest.folder.path + "/socket" }

        func ask(_ line: String) throws -> Client {
            let client = try Client(path, line, guest.loop)
            #expect(guest.wait { client.status != nil }, "\(line)")
            return client
        }

        func end() {
            supervisor.services.forEach { supervisor.stop($0) }
            #expect(guest.wait { supervisor.services.allSatisfy { !$0.isAlive } })
        }
    }

    @Test func listsStopsAndStarts() throws {
        let machine = try Machine([("web", "exec sleep 1000")])
        let list = try machine.ask("list").output
        #expect(list.contains("NAME") && list.contains("web   running"))
        #expect(try machine.ask("stop\tweb").status == 0)
        #expect(try machine.ask("list").output.contains("web   stopped"))
        #expect(try machine.ask("start\tweb").status == 0)
        #expect(try machine.ask("restart\tweb").status == 0)
        #expect(try machine.ask("list").output.contains("web   running"))
        machine.end()
    }

    @Test func saysWhatItCannotDo() throws {
        let machine = try Machine([("bad", "exit 1"), ("web", "exec sleep 1000")])
        let unknown = try machine.ask("stop\tdb")
        #expect(unknown.status == 1 && unknown.errors == "no service 'db'; services: bad, web\n")
        let request = try machine.ask("dance")
        #expect(request.status == 1 && request.errors == "unknown request 'dance'\n")
        machine.end()
    }

    @Test func logsAreFollowed() throws {
        let machine = try Machine([
            ("web", "echo one; while [ ! -e $0.go ]; do sleep 0.02; done; echo two; exec sleep 1000")
        ])
        #expect(machine.guest.wait { machine.guest.folder.text("logs/web.out.log") == "one\n" })
        #expect(try machine.ask("logs\tweb").output == "one\n")
        let follower = try Client(machine.path, "follow\tweb", machine.guest.loop)
        #expect(machine.guest.wait { follower.output == "one\n" })
        try machine.guest.folder.write("services/web/command.go", "")
        #expect(machine.guest.wait { follower.output == "one\ntwo\n" })
        machine.end()
    }

    @Test func passesOnTheWishToEnd() throws {
        let machine = try Machine([])
        #expect(try machine.ask("shutdown\tpoweroff").status == 0)
        #expect(machine.ending == .poweroff)
    }
}
