internal import Extents
internal import Glibc
internal import Synchronization

/// Collects the output of a pipe, line by line, with the time of each line.
final class ConsoleReader: Sendable {
    struct Line: Sendable {
        var line: String
        var arrived: ContinuousClock.Instant
    }

    private struct State {
        var lines: [Line] = []
        var splitter = LineSplitter()
        var open: [UInt8] { splitter.open }
        var atEnd = false
    }

    private let state = Mutex(State())

    /// Reads until the other end is closed, then closes this one.
    init(_ handle: Int32) {
        let started = OwnThread.start { self.readAll(handle) }
        guard !started else { return }
        close(handle)
        state.withLock { $0.atEnd = true }
    }

    var text: String {
        state.withLock { $0.lines.map { $0.line + "\n" }.joined() + String(decoding: $0.open, as: UTF8.self) }
    }

    /// The last lines, for messages.
    var tail: String {
        let lines = state.withLock { $0.lines.suffix(40).map(\.line) + [String(decoding: $0.open, as: UTF8.self)] }
        return PlainText.lines(lines.joined(separator: "\n"))
    }

    var isAtEnd: Bool { state.withLock { $0.atEnd } }

    func line(containing text: String) -> Line? {
        state.withLock { state in
            if let found = state.lines.first(where: { $0.line.contains(text) }) { return found }
            let last = String(decoding: state.open, as: UTF8.self)
            return last.contains(text) ? Line(line: last, arrived: .now) : nil
        }
    }

    private func readAll(_ handle: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(handle, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            take(buffer[..<count])
        }
        close(handle)
        state.withLock { $0.atEnd = true }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        let now = ContinuousClock.now
        state.withLock { state in
            var lines: [Line] = []
            state.splitter.take(bytes) { lines.append(Line(line: String(decoding: $0, as: UTF8.self), arrived: now)) }
            state.lines += lines
        }
    }
}

/// Splits the output of a console into lines, without carriage returns. A line that does not end is cut at a limit, so
/// that a guest cannot take this host's memory.
struct LineSplitter {
    /// The most bytes of one line.
    static let limit = 4096

    /// The last line, while it has no end: a prompt.
    private(set) var open: [UInt8] = []

    /// Takes the next bytes and hands on the lines that ended.
    mutating func take(_ bytes: ArraySlice<UInt8>, _ line: ([UInt8]) -> Void) {
        for byte in bytes {
            switch byte {
            case 0x0A: end(line)
            case 0x0D: break
            default:
                if open.count == Self.limit { end(line) }
                open.append(byte)
            }
        }
    }

    private mutating func end(_ line: ([UInt8]) -> Void) {
        line(open)
        open.removeAll(keepingCapacity: true)
    }

    /// Text without terminal control sequences (ECMA-48: CSI, OSC and two-byte escapes): what a person sees.
    static func plain(_ bytes: [UInt8]) -> String {
        guard bytes.contains(0x1B) else { return String(decoding: bytes, as: UTF8.self) }
        var text: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x1B else {
                text.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "["):
                while let next = rest.popFirst(), !(0x40...0x7E).contains(next) {}
            case UInt8(ascii: "]"):
                while let next = rest.popFirst(), next != 0x07 {
                    if next == 0x1B {
                        _ = rest.popFirst()
                        break
                    }
                }
            case UInt8(ascii: "("), UInt8(ascii: ")"): _ = rest.popFirst()
            default: break
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
