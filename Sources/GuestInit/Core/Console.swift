internal import CInit
internal import Glibc

/// Where PID 1 speaks: one line at a time, with the seconds since the machine started, on every console of the machine.
final class Console {
    private var files: [Int32]
    /// Terminals that took nothing for a whole second: they get what fits and are not waited for again.
    private var stuck: Set<Int32> = []
    private let now: () -> Milliseconds

    init(file: Int32, now: @escaping () -> Milliseconds = cinit_uptime) {
        files = [file]
        self.now = now
    }

    /// Where the kernel lists the consoles that are there, the main one last.
    private static let list = "/sys/class/tty/console/active"

    /// Opens every console that the kernel writes to, or `/dev/console` while it is not known which they are. To be called again when
    /// drivers were loaded: each may bring one.
    func reopen() {
        var opened = Self.names(in: Files.text(Self.list) ?? "").compactMap { Self.open("/dev/" + $0) }
        if opened.isEmpty { opened = [Self.open("/dev/console")].compactMap(\.self) }
        guard !opened.isEmpty else { return }
        for file in files where file > STDERR_FILENO { close(file) }
        (files, stuck) = (opened, [])
    }

    static func names(in list: String) -> [String] { list.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init) }

    private static func open(_ path: String) -> Int32? {
        let file = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        return file >= 0 ? file : nil
    }

    /// `[    1.23] moby: text`.
    func say(_ text: String) {
        let time = TimeText.decimal(now())
        write("[" + String(repeating: " ", count: max(0, 8 - time.utf8.count)) + time + "] moby: " + text + "\n")
    }

    /// The text as it is, with carriage returns for a terminal that is still raw.
    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ text: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + 1)
        for byte in text {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        for file in files where !Self.send(bytes, to: file, within: stuck.contains(file) ? 0 : 1000) { stuck.insert(file) }
    }

    /// Waits until the terminals have sent what was written, one second at most: a machine that is switched off loses the rest.
    func drain() {
        for _ in 0..<100 where files.contains(where: { !stuck.contains($0) && cinit_pending_output($0) > 0 }) { usleep(10_000) }
    }

    /// Writes as much as the terminal takes within so many milliseconds: a console that nobody reads must not stop PID 1.
    /// - Returns: false when it did not take all.
    @discardableResult
    static func send(_ bytes: [UInt8], to file: Int32, within limit: Int32 = 1000) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                guard Glibc.poll(&poll, 1, limit) > 0 else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
