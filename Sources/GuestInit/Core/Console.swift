internal import CInit
internal import Glibc
internal import GuestSystem

/// Where PID 1 prints: lines with the seconds since the machine started, on every console of the machine.
final class Console {
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
    func say(_ text: String) {
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
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                guard Glibc.poll(&poll, 1, limit) > 0 else { return .full }
            } else if errno != EINTR {
                return .broken
            }
        }
        return .done
    }
}

/// A container's output as lines that are safe to show on a terminal.
enum PlainLines {
    /// The lines of `bytes` without control characters and escape sequences; of a line that a carriage return
    /// overwrites, the last form. The last `limit` of them, when there is a limit.
    static func lines(_ bytes: some Collection<UInt8>, limit: Int? = nil) -> [String] {
        let lines = Array(bytes).split(separator: 0x0A)
        return lines.suffix(limit ?? lines.count).map { line in
            let forms = line.split(separator: 0x0D)
            return text(forms.last ?? [])
        }
    }

    /// ECMA-48: a control sequence is `ESC [`, parameters, and a final byte of 0x40 to 0x7E; a string is begun by `ESC`
    /// and one of `P X ] ^ _` and ended by BEL or `ESC \`; other escapes are `ESC`, intermediate bytes of 0x20 to 0x2F,
    /// and one more.
    private static func text(_ line: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        var rest = line
        while let byte = rest.popFirst() {
            if byte == 0x1B {
                skipSequence(&rest)
            } else if byte == 0x09 || byte >= 0x20 && byte != 0x7F {
                plain.append(byte)
            }
        }
        // C1 controls, which are two bytes in UTF-8, do on some terminals what ESC does.
        let safe = String(decoding: plain, as: UTF8.self).unicodeScalars.filter { !(0x80..<0xA0).contains($0.value) }
        return String(String.UnicodeScalarView(safe))
    }

    private static func skipSequence(_ rest: inout ArraySlice<UInt8>) {
        switch rest.popFirst() {
        case UInt8(ascii: "["):
            while let byte = rest.popFirst(), !(0x40...0x7E).contains(byte) {}
        case UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            while let byte = rest.popFirst(), byte != 0x07 {
                if byte == 0x1B {
                    _ = rest.popFirst()
                    return
                }
            }
        case let byte?:
            var last = byte
            while (0x20...0x2F).contains(last), let next = rest.popFirst() { last = next }
        case nil: break
        }
    }
}
