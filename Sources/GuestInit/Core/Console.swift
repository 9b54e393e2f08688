internal import CInit
internal import Glibc

/// Where PID 1 speaks: one line at a time, with the seconds since the machine started.
final class Console {
    private var file: Int32
    private let now: () -> Milliseconds

    init(file: Int32, now: @escaping () -> Milliseconds = cinit_uptime) {
        self.file = file
        self.now = now
    }

    /// Opens `/dev/console`, which before devtmpfs is mounted may not be there.
    func reopen() {
        let opened = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        if opened >= 0 { file = opened }
    }

    /// `[    1.23] moby: text`.
    func say(_ text: String) {
        let time = TimeText.decimal(now())
        write("[" + String(repeating: " ", count: max(0, 8 - time.utf8.count)) + time + "] moby: " + text + "\n")
    }

    /// The text as it is, with carriage returns for a terminal that is still raw.
    func write(_ text: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        for byte in text.utf8 {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        Self.send(bytes, to: file)
    }

    /// Writes as much as the terminal takes within a second: a console that nobody reads must not stop PID 1.
    static func send(_ bytes: [UInt8], to file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                guard Glibc.poll(&poll, 1, 1000) > 0 else { return }
            } else if errno != EINTR {
                return
            }
        }
    }
}
