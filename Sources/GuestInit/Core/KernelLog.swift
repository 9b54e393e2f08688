internal import Glibc

/// The kernel's own log.
enum KernelLog {
    /// What the kernel has said so far, a line each, without time and level.
    static func lines() -> [String] {
        let file = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(file, &buffer, buffer.count)
            // A record that was overwritten meanwhile; the next one is there.
            if count < 0 && (errno == EPIPE || errno == EINTR) { continue }
            guard count > 0 else { return lines }
            if let text = text(ofRecord: buffer[..<count]) { lines.append(text) }
        }
    }

    /// `level,sequence,time,flags;text`, a newline, and fields of no interest here (kernel,
    /// Documentation/ABI/testing/dev-kmsg).
    static func text(ofRecord record: ArraySlice<UInt8>) -> String? {
        guard let semicolon = record.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        return String(decoding: record[(semicolon + 1)...].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
