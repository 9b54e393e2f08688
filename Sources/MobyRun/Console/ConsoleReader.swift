internal import Glibc
internal import Synchronization

/// Collects the output of a pipe, line by line.
final class ConsoleReader: Sendable {
    /// The line that says that the boot is complete.
    struct Up: Sendable {
        var running: Int
        var all: Int
        var time: ContinuousClock.Instant
    }

    private struct State {
        var lines: [String] = []
        var splitter = LineSplitter()
        var open: [UInt8] { splitter.open }
        var atEnd = false
        var console = ConsoleState()
        var up: Up?
    }

    private let record = Mutex(State())

    /// Reads until the other end is closed, then closes this one.
    init(_ handle: Int32) {
        let started = OwnThread.start { self.readAll(handle) }
        guard !started else { return }
        close(handle)
        record.withLock { $0.atEnd = true }
    }

    var text: String {
        record.withLock { $0.lines.map { $0 + "\n" }.joined() + String(decoding: $0.open, as: UTF8.self) }
    }

    /// What the lines mean.
    var state: ConsoleState { record.withLock { $0.console } }

    var up: Up? { record.withLock { $0.up } }

    /// The lines from a number on, without terminal control sequences.
    /// - Returns: also the number of the next line, and the one that has no end yet.
    func lines(from start: Int) -> (ended: [String], next: Int, open: String) {
        let (lines, next, open) = record.withLock { (Array($0.lines.dropFirst(start)), $0.lines.count, $0.open) }
        return (lines.map { LineSplitter.plain(Array($0.utf8)) }, next, LineSplitter.plain(open))
    }

    var isAtEnd: Bool { record.withLock { $0.atEnd } }

    private func readAll(_ handle: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(handle, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            take(buffer[..<count])
        }
        close(handle)
        record.withLock { $0.atEnd = true }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        let now = ContinuousClock.now
        record.withLock { state in
            var lines: [String] = []
            state.splitter.take(bytes) { lines.append(String(decoding: $0, as: UTF8.self)) }
            for line in lines {
                state.console.take(line: LineSplitter.plain(Array(line.utf8)), at: now)
                guard let up = state.console.up else {
                    state.up = nil
                    continue
                }
                if state.up == nil { state.up = Up(running: up.running, all: up.all, time: now) }
            }
            state.console.take(open: LineSplitter.plain(state.open), at: now)
            state.lines += lines
        }
    }
}
