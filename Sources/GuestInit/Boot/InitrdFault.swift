internal import BootLayout
internal import Glibc

/// Why the last file of an initrd is missing.
struct InitrdFault: Equatable {
    let lines: [String]

    /// - Parameters:
    ///   - kernelLog: what the kernel said. It says why it stopped unpacking (init/initramfs.c), if it did: `write
    ///     error` is a file system
    ///     of half the memory that is full.
    ///   - total: bytes of memory.
    ///   - free: bytes of it that are unused.
    init(kernelLog: [String], total: UInt64, free: UInt64) {
        let prefix = "Initramfs unpacking failed: "
        let reason = kernelLog.last { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.utf8.count)) }
        let memory = "\(total >> 20) MiB, \(free >> 20) MiB free"
        let missing = "'\(BootLayout.sentinel)', the last file of a whole initrd, is missing"
        switch reason {
        case "write error":
            lines = ["initrd was cut short: not enough memory (\(memory)); give the machine more", missing]
        case let reason?:
            lines = [
                "initrd was cut short: the kernel could not unpack it: \(reason)",
                "\(missing): the initrd is damaged; build it again",
            ]
        case nil where free < total / 4:
            lines = ["initrd was cut short: probably not enough memory (\(memory)); give the machine more", missing]
        case nil:
            lines = [
                "initrd is not whole, and there is enough memory (\(memory))",
                "\(missing): the initrd was cut short, or it was not made by 'moby build'",
            ]
        }
    }
}

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
