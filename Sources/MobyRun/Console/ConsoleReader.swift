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
