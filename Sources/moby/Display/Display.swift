internal import CLinux
internal import Extents
internal import Glibc
internal import MobyRun
internal import Progress
internal import Synchronization

/// How steps are shown: `--progress`.
enum ProgressMode: String, CaseIterable {
    case auto, tty, plain, json, quiet

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// Everything that goes to standard error: messages, and steps while they last. Writes from all threads come one after
/// another.
final class Display: Sendable {
    private struct State {
        var renderer: any Renderer = QuietRenderer()
        var style = TextStyle(isColored: false)
        var level = 1
        /// Steps in flight.
        var steps = 0
        /// Whether the thread that draws runs.
        var isDrawing = false
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1

    private static let pause: UInt32 = 100_000

    /// Chooses how steps are shown.
    /// - Parameters:
    ///   - level: 0 shows errors only, 3 every step in a log.
    ///   - environment: `TERM` and `NO_COLOR` (no-color.org) count.
    func use(_ mode: ProgressMode, level: Int, environment: [String: String]) {
        let isDumb = ["", "dumb"].contains(environment["TERM"] ?? "")
        let style = TextStyle(isColored: isTerminal && !isDumb && (environment["NO_COLOR"] ?? "").isEmpty)
        let chosen = mode == .auto ? (isTerminal && !isDumb ? .tty : .plain) : mode
        state.withLock { state in
            state.level = level
            state.style = style
            switch chosen {
            case .json:
                state.style = TextStyle(isColored: false)
                state.renderer = JSONRenderer(showsSteps: level > 0)
            case _ where level == 0: state.renderer = QuietRenderer()
            case .quiet, .auto: state.renderer = QuietRenderer()
            case .plain: state.renderer = PlainRenderer(isDetailed: level > 2)
            case .tty:
                moby_note_continues()
                state.renderer = TerminalRenderer(style)
            }
        }
    }

    /// What libraries report to.
    var reporter: Reporter { Reporter { [self] in take($0) } }

    /// Writes a message, which may quote foreign text: nothing in it drives the terminal.
    func message(_ text: String, _ severity: MessageSeverity = .info) {
        let text = PlainText.lines(text.hasSuffix("\n") ? text : text + "\n")
        state.withLock { state in
            if state.level == 0, severity == .note || severity == .warning { return }
            write(state.renderer.message(state.style.message(text), severity, at: now), &state)
        }
    }

    /// Runs `body`, which writes to the terminal by itself, with nothing drawn there.
    func aside(_ body: () -> Void) {
        state.withLock { state in
            write(state.renderer.erase(), &state)
            body()
        }
    }

    /// Erases what is shown only for now.
    func close() { aside {} }

    private var now: Duration { ContinuousClock.now - start }

    private func take(_ event: Reporter.Event) {
        switch event {
        case .began(let step):
            let isToStart = state.withLock { state in
                write(state.renderer.began(step, at: now), &state)
                state.steps += 1
                defer { state.isDrawing = true }
                return !state.isDrawing
            }
            if isToStart, !OwnThread.start({ [self] in draw() }) { state.withLock { $0.isDrawing = false } }
        case .ended(let step, let isDone):
            state.withLock { state in
                state.steps -= 1
                write(state.renderer.ended(step, isDone: isDone, at: now), &state)
            }
        case .message(let text, .note): message("note: \(text)", .note)
        case .message(let text, .warning): message("warning: \(text)", .warning)
        }
    }

    /// Draws until no step is in flight.
    private func draw() {
        while true {
            usleep(Self.pause)
            let isOver = state.withLock { state in
                guard state.steps > 0 else {
                    state.isDrawing = false
                    return true
                }
                // A program in the background leaves the terminal to others; -1 is a terminal that controls no one.
                guard !isTerminal || [-1, getpgrp()].contains(tcgetpgrp(STDERR_FILENO)) else { return false }
                if moby_take_continued() != 0, var renderer = state.renderer as? TerminalRenderer {
                    renderer.forget()
                    state.renderer = renderer
                }
                write(state.renderer.tick(at: now, window), &state)
                return false
            }
            if isOver { return }
        }
    }

    private var window: WindowSize {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return WindowSize()
        }
        return WindowSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// In one piece: a frame in several would flicker.
    private func write(_ text: String, _ state: inout State) {
        // A signal in between erases at most what was there before.
        if !text.isEmpty { Terminal.write(text, to: STDERR_FILENO) }
        moby_drawn_lines(Int32(state.renderer.drawnLines))
    }
}
