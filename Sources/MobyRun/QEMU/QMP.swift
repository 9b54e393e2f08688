internal import Extents
internal import FoundationEssentials
internal import Glibc

/// QEMU's control protocol (docs/interop/qmp-spec.txt) over one end of a socket pair; QEMU inherits the other.
final class QMP: Sendable {
    /// The number of the socket in QEMU.
    static let number: Int32 = 3
    static let arguments = ["-chardev", "socket,id=control,fd=\(number)", "-mon", "chardev=control,mode=control"]

    private let handle: Int32
    /// The end for QEMU; closed here once QEMU runs.
    let guestEnd: Int32

    /// - Throws: ``RunError`` when no socket pair can be created.
    init() throws {
        (handle, guestEnd) = try SocketPair.make(for: "QEMU's control protocol")
    }

    /// A connection to a QEMU that another program started.
    /// - Returns: nil when nothing listens there.
    init?(connecting path: String) {
        guard let socket = UnixSocket.connect(path) else { return nil }
        handle = socket
        guestEnd = -1
    }

    deinit { close(handle) }

    func started() { close(guestEnd) }

    /// Presses the power button; the guest's PID 1 decides how to react.
    func powerDown() -> Bool { execute(Command(execute: "system_powerdown")) }

    /// As ``powerDown()``, and waits for QEMU's answer: a connection that closes takes its requests with it.
    func pressPowerButton() -> Bool { monitor("system_powerdown", within: .seconds(2)) != nil }

    /// `running`, `paused`, `shutdown` and others.
    func status() -> String? {
        guard let text = monitor("info status", within: .seconds(1)), let colon = text.lastIndex(of: ":") else {
            return nil
        }
        return text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// The connections of the user network, as the monitor shows them.
    /// - Returns: nil when QEMU does not answer.
    func userNetwork() -> String? { monitor("info usernet", within: .seconds(1)) }

    /// Runs a command of the human monitor, where QMP itself has none.
    private func monitor(_ line: String, within limit: Duration) -> String? {
        let number = UInt64.random(in: 1 ... .max)
        let command = Command(
            execute: "human-monitor-command", arguments: ["command-line": line], id: "\(number)")
        guard execute(command) else { return nil }
        let end = ContinuousClock.now + limit
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while ContinuousClock.now < end {
            var poll = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 100) > 0 else { continue }
            let count = recv(handle, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0, received.count < 1 << 20 else { return nil }
            received += buffer[..<count]
            // Answers and events are lines of JSON.
            for answer in received.split(separator: UInt8(ascii: "\n")) {
                guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)), answer.id == "\(number)"
                else { continue }
                return answer.return
            }
        }
        return nil
    }

    private struct Command: Encodable {
        let execute: String
        var arguments: [String: String]?
        var id: String?
    }

    private struct Answer: Decodable {
        let id: String
        let `return`: String?
    }

    /// Sends one command; earlier answers and events are discarded.
    private func execute(_ command: Command) -> Bool {
        var waste = [UInt8](repeating: 0, count: 65536)
        while recv(handle, &waste, waste.count, Int32(MSG_DONTWAIT)) > 0 {}
        let text: [UInt8]
        do {
            text =
                try JSONText.compact(Command(execute: "qmp_capabilities")) + [0x0A] + JSONText.compact(command) + [0x0A]
        } catch {
            preconditionFailure("\(error)")
        }
        // A stream socket that waits takes all of it, unless QEMU has ended.
        return send(handle, text, text.count, Int32(MSG_NOSIGNAL)) == text.count
    }
}
