internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Follows a copy of the console of a machine that has the terminal.
final class ConsoleWatch: Sendable {
    /// The number of the pipe in QEMU.
    static let number: Int32 = 4
    /// QEMU's arguments for it: the character device of the console has a log, and the log is the pipe. Appending, since a
    /// pipe cannot be truncated.
    static let arguments = [
        "-add-fd", "fd=\(number),set=1", "-set", "chardev.console.logfile=/dev/fdset/1", "-set",
        "chardev.console.logappend=on",
    ]

    /// The end for QEMU; closed here once QEMU runs.
    let guestEnd: Int32
    private let state = Mutex(ConsoleState())
    private let found = Mutex<[String: String]>([:])
    private let woken = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter patterns: regular expressions to look for, line by line.
    /// - Throws: ``RunError`` when a pipe or thread cannot be created.
    init(patterns: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        guard moby_pipe(&ends) == 0 else {
            throw RunError("creating a pipe for the console: \(String(cString: strerror(errno)).lowercased())")
        }
        let source = ends[0]
        guestEnd = ends[1]
        guard OwnThread.start({ self.follow(source, patterns) }) else {
            close(source)
            close(guestEnd)
            throw RunError("starting the thread that reads the console")
        }
    }

    func started() { close(guestEnd) }

    /// What it has shown so far.
    var now: ConsoleState { state.withLock { $0 } }

    /// The line in which a pattern was seen.
    func line(matching pattern: String) -> String? { found.withLock { $0[pattern] } }

    /// Waits, at most until ``wake()``.
    func wait(_ limit: DispatchTimeInterval) { _ = woken.wait(timeout: .now() + limit) }

    /// Ends a wait.
    func wake() { woken.signal() }

    /// Waits for the last output of a machine that has ended; it is in the pipe.
    func waitForEnd() { _ = ended.wait(timeout: .now() + .seconds(5)) }

    private func follow(_ source: Int32, _ patterns: [String]) {
        var splitter = LineSplitter()
        var wanted = patterns.compactMap { pattern in (try? Regex(pattern)).map { (pattern: pattern, regex: $0) } }
        func match(_ line: String) {
            for (pattern, regex) in wanted where line.firstMatch(of: regex) != nil {
                found.withLock { $0[pattern] = line }
                wanted.removeAll { $0.pattern == pattern }
            }
        }
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            let time = ContinuousClock.now
            var lines: [String] = []
            splitter.take(buffer[..<count]) { lines.append(LineSplitter.plain($0)) }
            let open = LineSplitter.plain(splitter.open)
            state.withLock { state in
                for line in lines { state.take(line: line, at: time) }
                state.take(open: open, at: time)
            }
            lines.forEach(match)
            if !open.isEmpty { match(open) }
        }
        close(source)
        ended.signal()
    }
}

/// What a console has shown so far, as far as it matters to a run.
struct ConsoleState {
    /// Whether there was any output.
    private(set) var hasOutput = false
    /// PID 1's last line of this boot.
    private(set) var ending: GuestEnding?
    /// Services that ran when the boot was complete, and all there are.
    private(set) var up: (running: Int, all: Int)?
    /// The panic that was seen, or a text that looks like one.
    private(set) var panic: String?
    private var traceEnded = false
    private var lastLine: ContinuousClock.Instant = .now
    private var isPrompt = false

    /// Takes a line that has ended.
    mutating func take(line: String, at time: ContinuousClock.Instant) {
        note(time)
        isPrompt = false
        let meaning = GuestLine(line)
        // After a panic only the kernel writes: output of others shows that the panic was only a text.
        if panic != nil, traceEnded, meaning == nil, !Self.isFromKernel(line) { forgetPanic() }
        switch meaning {
        case .ending(let ending, _):
            forgetPanic()
            self.ending = ending
        case .panic(let why):
            panic = why
            traceEnded = false
        case .endOfPanic where panic != nil: traceEnded = true
        case .up(let running, let all): up = (running, all)
        case .boot: ending = nil
        case .endOfPanic, nil: break
        }
    }

    /// Takes the last line, which has no end yet.
    mutating func take(open line: String, at time: ContinuousClock.Instant) {
        note(time)
        isPrompt = !line.isEmpty
    }

    /// Whether the machine has panicked: the kernel's message was seen, and the console has been silent since, without
    /// a prompt.
    func isPanicCertain(at time: ContinuousClock.Instant) -> Bool {
        panic != nil && !isPrompt && time - lastLine >= (traceEnded ? .seconds(1) : .seconds(5))
    }

    private mutating func note(_ time: ContinuousClock.Instant) {
        hasOutput = true
        lastLine = time
    }

    private mutating func forgetPanic() {
        panic = nil
        traceEnded = false
    }

    /// Lines with a time stamp that are not PID 1's, and the kernel's messages without one.
    private static func isFromKernel(_ line: String) -> Bool {
        let text = GuestLine.withoutTime(line[...])
        if text.isEmpty || text.hasPrefix("Rebooting in ") { return true }
        return text.startIndex != line.startIndex && !text.hasPrefix("moby: ")
    }
}
