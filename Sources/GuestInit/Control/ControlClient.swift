internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// The commands `service`, `poweroff`, `reboot` and `halt`.
enum ControlClient {
    static let usage = """
        usage: service list
               service status NAME
               service boot
               service start|stop|restart NAME
               service logs [-f] NAME
               poweroff | reboot | halt

        """

    /// The request of a command line; nil when it has none.
    static func request(_ command: String, _ arguments: [String]) -> ControlRequest? {
        if let kind = ShutdownKind(rawValue: command) {
            return arguments.isEmpty || arguments == ["-f"] ? .shutdown(kind) : nil
        }
        switch (arguments.first ?? "list", arguments.count) {
        case ("list", 0...1): return .list
        case ("status", 2): return .status(arguments[1])
        case ("boot", 1): return .boot
        case ("start", 2): return .start(arguments[1])
        case ("stop", 2): return .stop(arguments[1])
        case ("restart", 2): return .restart(arguments[1])
        case ("logs", 2): return .logs(arguments[1], isFollowing: false)
        case ("logs", 3) where arguments[1] == "-f": return .logs(arguments[2], isFollowing: true)
        case ("poweroff", 1), ("reboot", 1), ("halt", 1):
            return ShutdownKind(rawValue: arguments[0]).map { .shutdown($0) }
        default: return nil
        }
    }

    /// Runs a command; the result is its exit status.
    static func run(_ command: String, _ arguments: [String]) -> Int32 {
        guard let request = request(command, arguments) else {
            GuestConsole.send(Array(usage.utf8), to: STDERR_FILENO)
            return 64
        }
        let socket = cinit_connect(BootLayout.controlSocket)
        guard socket >= 0 else {
            // A shell in the pid namespace of PID 1 can end the machine without the socket.
            if case .shutdown(let kind) = request, kill(1, kind.signal) == 0 { return 0 }
            complain(
                "\(SystemError("connecting to", BootLayout.controlSocket, number: -socket)); a container needs it as a bind mount"
            )
            return 1
        }
        GuestConsole.send(Array((request.line + "\n").utf8), to: socket)
        return relay(socket)
    }

    private static func complain(_ text: String) {
        GuestConsole.send(Array("service: \(text)\n".utf8), to: STDERR_FILENO)
    }

    private static func relay(_ socket: Int32) -> Int32 {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(socket, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                complain("PID 1 closed the connection")
                return 1
            }
            pending.append(contentsOf: buffer[..<count])
            do throws(Reply.Malformed) {
                for chunk in try Reply.take(from: &pending) {
                    switch chunk.kind {
                    case .output: GuestConsole.send(chunk.bytes, to: STDOUT_FILENO)
                    case .errors, .problem: GuestConsole.send(Array("service: ".utf8) + chunk.bytes, to: STDERR_FILENO)
                    case .exit: return chunk.status
                    case .hello, .alive: break
                    }
                }
            } catch {
                complain("PID 1: \(error)")
                return 1
            }
        }
    }
}
