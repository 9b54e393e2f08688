/// What is said of a service that fails again and again: the first failure in full, then, a minute later, how often;
/// then nothing until it runs, is stopped, or is given up. A console with a login on it shows changes of state, not
/// each try.
struct FailureStreak: Equatable {
    enum Report: Equatable {
        case first
        case summary(failures: Int, span: Milliseconds)
        case nothing
    }

    /// When a summary is due.
    static let span: Milliseconds = 60_000
    /// A service that ran for so long is well again.
    static let recovery: Milliseconds = 60_000

    private var start: Milliseconds = 0
    private(set) var failures = 0
    private(set) var isSummedUp = false

    var isOn: Bool { failures > 0 }

    mutating func add(at now: Milliseconds) -> Report {
        failures += 1
        if failures == 1 {
            start = now
            return .first
        }
        guard !isSummedUp, now - start >= Self.span else { return .nothing }
        isSummedUp = true
        return .summary(failures: failures, span: now - start)
    }

    mutating func end() { self = FailureStreak() }
}
