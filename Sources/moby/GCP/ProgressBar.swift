internal import Glibc
internal import Synchronization

/// Bytes, rate and time left, in one line of a terminal that is written again and again.
final class ProgressBar: Sendable {
    private let isShown: Bool
    private let state = Mutex(State())

    private struct State {
        var begin: ContinuousClock.Instant?
        var first: UInt64 = 0
        var shown: ContinuousClock.Instant?
        var isOver = false
    }

    /// - Parameter isShown: nothing is shown either when standard error is no terminal.
    init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

    func show(_ done: UInt64, of total: UInt64) {
        guard isShown else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            let begin = state.begin ?? now
            if state.begin == nil { (state.begin, state.first) = (now, done) }
            let isEnd = done == total
            guard !state.isOver, isEnd || state.shown.map({ now - $0 > .milliseconds(200) }) ?? true else { return }
            (state.shown, state.isOver) = (now, isEnd)
            Terminal.write(
                "\r\u{1B}[K" + Self.line(done, of: total, since: state.first, in: now - begin) + (isEnd ? "\n" : ""),
                to: STDERR_FILENO)
        }
    }

    /// Ends the line of a bar that has not come to its end, and writes other text before the bar is drawn again.
    func leave(saying text: String = "") {
        state.withLock { state in
            let isOpen = state.shown != nil && !state.isOver
            Terminal.write((isOpen ? "\n" : "") + text, to: STDERR_FILENO)
            state.shown = nil
        }
    }

    /// `  43.2 MB of 200.0 MB  10.4 MB/s  0:15 left`.
    static func line(_ done: UInt64, of total: UInt64, since first: UInt64, in time: Duration) -> String {
        var line = "  \(Terminal.size(done)) of \(Terminal.size(total))"
        let seconds = time / .seconds(1)
        guard seconds > 0.2, done > first else { return line }
        let rate = Double(done - first) / seconds
        line += "  \(Terminal.size(UInt64(rate)))/s"
        guard done < total else { return line }
        let left = Int(Double(total - done) / rate)
        return line + "  \(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
    }
}
