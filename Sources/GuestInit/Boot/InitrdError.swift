internal import BootLayout
internal import Glibc

/// Why the last file of an initrd is missing.
struct InitrdError: Equatable {
    let lines: [String]

    /// - Parameters:
    ///   - kernelLog: lines of the kernel. One tells why it stopped unpacking, if it did (init/initramfs.c): `write
    ///     error`
    ///     means that the root, a tmpfs of half the memory, is full.
    ///   - total: bytes of memory.
    ///   - free: bytes of unused memory.
    init(kernelLog: [String], total: UInt64, free: UInt64) {
        let prefix = "Initramfs unpacking failed: "
        let reason = kernelLog.last { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.utf8.count)) }
        let memory = "\(total >> 20) MiB, \(free >> 20) MiB free"
        let missing = "'\(BootLayout.sentinel)', the last file of a complete initrd, is missing"
        switch reason {
        case "write error":
            lines = ["initrd truncated: not enough memory (\(memory)); give the machine more", missing]
        case let reason?:
            lines = [
                "initrd truncated: the kernel could not unpack it: \(reason)",
                "\(missing): the initrd is damaged; build it again",
            ]
        case nil where free < total / 4:
            lines = ["initrd truncated: probably not enough memory (\(memory)); give the machine more", missing]
        case nil:
            lines = [
                "initrd incomplete, although there is enough memory (\(memory))",
                "\(missing): the initrd was truncated, or 'moby build' did not make it",
            ]
        }
    }
}

/// The kernel's own log.
enum KernelLog {
    /// The messages so far, without time and level.
    static func lines() -> [String] {
        let file = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(file, &buffer, buffer.count)
            // EPIPE: a record was overwritten meanwhile; the next one is complete.
            if count < 0 && (errno == EPIPE || errno == EINTR) { continue }
            guard count > 0 else { return lines }
            if let text = text(ofRecord: buffer[..<count]) { lines.append(text) }
        }
    }

    /// `level,sequence,time,flags;text`, a newline, and fields that are ignored (kernel,
    /// Documentation/ABI/testing/dev-kmsg).
    static func text(ofRecord record: ArraySlice<UInt8>) -> String? {
        guard let semicolon = record.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        return String(decoding: record[(semicolon + 1)...].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
