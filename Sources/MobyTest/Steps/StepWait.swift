internal import Extents
internal import Glibc
internal import MobyRun
internal import MobySpec

/// What one attempt of a step found.
enum Attempt {
    /// True, perhaps with a value that was measured.
    case passed(String? = nil)
    /// Nothing to judge yet; what was seen instead.
    case pending(String?)
    /// Something that is not what is expected, and could still become so.
    case wrong(StepFailure)
}

/// Why a test goes no further.
enum TestStop: Error {
    case signal(Int32)
    case timedOut

    var text: String {
        switch self {
        case .signal: "interrupted"
        case .timedOut: "the whole test timed out"
        }
    }
}

/// Takes the attempts of a step until one passes, or it times out.
struct StepWait {
    let session: MachineSession
    /// The end of the whole test.
    let deadline: ContinuousClock.Instant?
    let tell: (TestEvent) -> Void

    /// How long something wrong may still become right when the step has no limit of its own.
    private static let settling: Duration = .seconds(10)
    private static let reportInterval: Duration = .seconds(10)

    /// - Parameter attempt: gets the time that it may take.
    /// - Returns: the value that was measured.
    /// - Throws: `StepFailure`, ``TestStop``, and what `attempt` throws.
    func callAsFunction(_ step: TestStep, _ attempt: (Duration) throws -> Attempt) throws -> String? {
        let start = ContinuousClock.now
        var (firstWrong, last): (ContinuousClock.Instant?, StepFailure?) = (nil, nil)
        var (reported, pause): (Duration, UInt32) = (.zero, 10_000)
        while true {
            let end = session.end
            let left = step.limit - (ContinuousClock.now - start)
            switch try attempt(max(.milliseconds(100), min(left, session.handle.attemptLimit))) {
            case .passed(let value): return value
            case .pending(let found):
                last = StepFailure("timed out after \(Self.text(step.limit))", found: found)
            case .wrong(let failure):
                last = failure
                firstWrong = firstWrong ?? .now
            }
            let now = ContinuousClock.now
            try checkStop(now)
            if end != nil, try session.restartAfterAbort() { continue }
            if let end { throw StepFailure(end, expected: last?.expected, found: last?.found, output: last?.output) }
            let isSettled = step.timeout == nil && firstWrong.map { now - $0 >= Self.settling } == true
            if now - start >= step.limit || isSettled { throw last ?? StepFailure("no result") }
            if now - start - reported >= Self.reportInterval {
                reported = now - start
                tell(.waiting(step: step.title, time: reported, limit: step.limit, found: last?.found))
            }
            usleep(pause)
            pause = min(pause * 2, 200_000)
        }
    }

    func checkStop(_ now: ContinuousClock.Instant) throws {
        if let signal = session.signal { throw TestStop.signal(signal) }
        if let deadline, now >= deadline { throw TestStop.timedOut }
    }

    static func text(_ time: Duration) -> String {
        let seconds = time / .seconds(1)
        return seconds == seconds.rounded() ? "\(Int(seconds)) s" : SizeText.decimals(seconds, 2) + " s"
    }
}

/// Regular expressions of a test file, which were checked when it was read.
enum TextPattern {
    /// Whether one matches anywhere in a text; `^` and `$` match at lines.
    /// - Throws: `StepFailure` when that takes too long.
    static func matches(_ pattern: String, _ text: String) throws -> Bool {
        try first(pattern, in: [text]) != nil
    }

    /// The first text in which one matches.
    /// - Throws: `StepFailure` when that takes too long.
    static func first(_ pattern: String, in texts: [String]) throws -> String? {
        do { return try PatternSearch(pattern).first(in: texts) } catch let error as PatternTimeout {
            throw StepFailure("\(error)", output: error.hint)
        }
    }
}

/// How a command ended, and what it wrote.
struct CommandEnd {
    let status: Int32
    let text: String

    var lastLine: String? { text.split(whereSeparator: \.isNewline).last.map { PlainText.short($0) } }

    /// - Parameter problem: why it has the status, where that is known.
    func failure(exit: Int, output pattern: String?, problem: String? = nil) throws -> StepFailure? {
        let output = text.isEmpty ? nil : PlainText.lines(String(text.suffix(2000)))
        guard status == Int32(exit) else {
            return StepFailure(
                problem ?? "the exit code is \(status)", expected: "exit code \(exit)", found: "exit code \(status)",
                output: output)
        }
        guard let pattern, try !TextPattern.matches(pattern, text) else { return nil }
        return StepFailure(
            "the output does not match", expected: "output that matches '\(PlainText.short(pattern))'",
            found: "\(text.utf8.count) bytes", output: output)
    }
}
