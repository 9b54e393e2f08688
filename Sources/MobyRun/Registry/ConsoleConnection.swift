internal import Extents
internal import Glibc

/// A terminal on the serial console of a machine in the background.
public final class ConsoleConnection {
    /// How it ended.
    public enum End: Sendable { case left, ended }

    /// Ctrl-], as telnet and virsh have it.
    private static let leaving: UInt8 = 0x1D

    private let socket: Int32

    /// - Throws: ``RunError`` for a machine whose console is on a terminal, or used by another program.
    public init(_ machine: MachineEntry) throws {
        let name = "'\(PlainText.short(machine.name))'"
        guard machine.isDetached else {
            throw RunError("the console of \(name) is on the terminal of its 'moby run', process \(machine.pid)")
        }
        let sockets = MachineSockets(folder: machine.folder)
        let lock = open(sockets.console + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw FileError("open", sockets.console + ".lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw RunError(
                "another 'moby console' uses the console of \(name)", hint: "watch it: moby logs -f \(machine.name)")
        }
        // The lock is held until this program ends.
        guard let socket = UnixSocket.connect(sockets.console) else {
            throw RunError("connecting to the console of \(name): \(FileError.text().lowercased())")
        }
        self.socket = socket
    }

    deinit { close(socket) }

    /// Hands on what is typed and what the machine writes, until Ctrl-] is typed, standard input ends, or the machine
    /// ends.
    public func relay() throws -> End { try relay(input: STDIN_FILENO, output: STDOUT_FILENO) }

    func relay(input: Int32, output: Int32) throws -> End {
        let settings = TerminalSettings.save(input)
        defer { settings?.restore() }
        settings?.makeRaw()
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var typed = input
        while true {
            var files = [
                pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
                pollfd(fd: typed, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&files, 2, -1) >= 0 || errno == EINTR else {
                throw RunError("waiting for the console: \(FileError.text().lowercased())")
            }
            if files[0].revents != 0 {
                let count = recv(socket, &buffer, buffer.count, 0)
                if count == 0 || count < 0 && errno != EINTR { return .ended }
                try Self.write(buffer[..<max(0, count)], to: output)
            }
            guard files[1].revents != 0 else { continue }
            let count = read(typed, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            // A program that pipes commands in still wants the answers: only a terminal's end leaves.
            guard count > 0 else {
                if isatty(input) == 1 { return .left }
                typed = -1
                continue
            }
            let keys = buffer[..<count].prefix { $0 != Self.leaving }
            try Self.write(keys, to: socket)
            if keys.count < count { return .left }
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws {
        try HostFiles.write(Array(bytes), to: file, name: "the console")
    }
}
