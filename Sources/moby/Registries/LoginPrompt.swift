internal import ArgumentParser
internal import Extents
internal import Glibc
internal import MobyRun

/// Asks for a user and a password on the terminal.
enum LoginPrompt {
    /// In bytes; tokens of clouds have a few thousand.
    private static let longest: UInt64 = 64 << 10

    /// - Throws: a usage error when there is no terminal.
    static func check() throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw ValidationError("no terminal to ask on; give --username and --password-stdin")
        }
    }

    static func line(_ question: String) throws -> String {
        Terminal.write(question, to: STDERR_FILENO)
        let name = (readLine() ?? "").trimmingWhitespace()
        guard !name.isEmpty else { throw ValidationError("the user name is empty") }
        guard !name.contains(":") else { throw ValidationError("user names cannot have a ':'") }
        return name
    }

    /// Reads what is typed without showing it.
    static func secret(_ question: String) throws -> String {
        Terminal.write(question, to: STDERR_FILENO)
        guard let settings = TerminalSettings.save() else {
            throw ValidationError("no terminal to ask on; give --username and --password-stdin")
        }
        settings.makeRaw()
        var typed = TypedLine()
        var byte: UInt8 = 0
        while typed.end == nil {
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { break }
            typed.take(byte)
        }
        settings.restore()
        Terminal.write("\n", to: STDERR_FILENO)
        if typed.end == .interrupt {
            kill(getpid(), SIGINT)
            pause()
        }
        return try password(typed.bytes)
    }

    /// Everything on standard input, without the line break that editors and `echo` add.
    static func passwordFromInput() throws -> String {
        var bytes = try HostFiles.read(descriptor: STDIN_FILENO, name: "<stdin>", limit: longest)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return try password(bytes)
    }

    private static func password(_ bytes: [UInt8]) throws -> String {
        guard !bytes.isEmpty else { throw ValidationError("the password is empty") }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(where: { $0 < 0x20 }) else {
            throw ValidationError("the password has a line break or another control character")
        }
        return text
    }
}

/// A line that is typed with a terminal in raw mode.
struct TypedLine {
    enum End { case complete, interrupt }

    private(set) var bytes: [UInt8] = []
    private(set) var end: End?

    mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"): end = .complete
        // Control-C, and control-D at the start of a line.
        case 0x03: end = .interrupt
        case 0x04: if bytes.isEmpty { end = .complete }
        // Backspace, of whole characters.
        case 0x08, 0x7F:
            while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        // Control-U.
        case 0x15: bytes.removeAll()
        case 0x00..<0x20: break
        default: bytes.append(byte)
        }
    }
}
