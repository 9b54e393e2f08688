internal import CInit
internal import Glibc
internal import GuestSystem

/// Where PID 1 prints: lines with the seconds since the machine started, on every console of the machine.
final class GuestConsole {
    private struct Terminal {
        var file: Int32
        /// Nil for a file that was passed in.
        var path: String?
        /// It accepted nothing for a whole second: it gets what fits and is not waited for again.
        var isStuck = false
    }

    private var terminals: [Terminal]
    private let now: () -> Milliseconds

    init(file: Int32, now: @escaping () -> Milliseconds = cinit_uptime) {
        terminals = [Terminal(file: file)]
        self.now = now
    }

    /// The kernel's list of consoles, the main one last.
    private static let list = "/sys/class/tty/console/active"

    /// Opens every console that the kernel writes to, or `/dev/console` while they are unknown. To be called again
    /// after drivers were loaded: each may add a console.
    func reopen() { reopen(Self.names(in: Files.text(Self.list) ?? "").map { "/dev/" + $0 }) }

    func reopen(_ paths: [String]) {
        var opened = paths.compactMap { Self.open($0) }
        if opened.isEmpty { opened = ["/dev/console"].compactMap { Self.open($0) } }
        guard !opened.isEmpty else { return }
        for terminal in terminals where terminal.path != nil { close(terminal.file) }
        terminals = opened
    }

    static func names(in list: String) -> [String] {
        list.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
    }

    private static func open(_ path: String) -> Terminal? {
        let file = Glibc.open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        return file >= 0 ? Terminal(file: file, path: path) : nil
    }

    /// `[    1.23] moby: text`.
    func report(_ text: String) {
        let time = TimeText.decimal(now())
        write("[" + String(repeating: " ", count: max(0, 8 - time.utf8.count)) + time + "] moby: " + text + "\n")
    }

    /// The text unchanged, but for carriage returns: the terminal may still be raw.
    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ text: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + 1)
        for byte in text {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        for index in terminals.indices { send(bytes, to: &terminals[index]) }
    }

    private func send(_ bytes: [UInt8], to terminal: inout Terminal) {
        let limit: Int32 = terminal.isStuck ? 0 : 1000
        switch Self.send(bytes, to: terminal.file, within: limit) {
        case .done: break
        case .full: terminal.isStuck = true
        case .broken:
            // A login that ends hangs up its terminal for everyone.
            guard let path = terminal.path, let again = Self.open(path) else { return }
            close(terminal.file)
            terminal = again
            if Self.send(bytes, to: terminal.file, within: limit) == .full { terminal.isStuck = true }
        }
    }

    /// Waits until the terminals have sent everything, one second at most: powering off loses the rest.
    func drain() {
        for _ in 0..<100 where terminals.contains(where: { !$0.isStuck && cinit_pending_output($0.file) > 0 }) {
            usleep(10_000)
        }
    }

    enum Sent { case done, full, broken }

    /// Writes as much as the terminal accepts within so many milliseconds: a console without a reader must not stop PID
    /// 1.
    @discardableResult
    static func send(_ bytes: [UInt8], to file: Int32, within limit: Int32 = 1000) -> Sent {
        do {
            try Files.write(bytes, to: file, "console", within: limit)
            return .done
        } catch {
            return error.number == EAGAIN ? .full : .broken
        }
    }
}
