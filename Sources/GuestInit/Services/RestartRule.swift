internal import BootLayout
internal import GuestSystem

/// Limits the reports about a service that keeps failing: each of its first causes in full, a minute later a summary,
/// then nothing until it runs, is stopped, or is given up. A console with a login shows changes of state, not each try.
struct FailureStreak: Equatable {
    enum Report: Equatable {
        /// A failure that was not reported before.
        case first
        case summary(failures: Int, span: Milliseconds)
        case nothing
    }

    /// When a summary is due.
    static let span: Milliseconds = 60_000
    /// A service that ran for this long has recovered.
    static let recovery: Milliseconds = 60_000

    /// One that fails in ever new ways is not reported for ever.
    static let mostCauses = 5

    private var start: Milliseconds = 0
    private var causes: Set<String> = []
    private(set) var failures = 0
    private(set) var isSummedUp = false

    var isOn: Bool { failures > 0 }

    mutating func add(_ cause: String, at now: Milliseconds) -> Report {
        failures += 1
        if failures == 1 { start = now }
        if causes.count < Self.mostCauses, causes.insert(cause).inserted { return .first }
        guard !isSummedUp, now - start >= Self.span else { return .nothing }
        isSummedUp = true
        return .summary(failures: failures, span: now - start)
    }

    mutating func end() { self = FailureStreak() }
}

/// When a service that ended starts again: soon after a long run, at doubling intervals after short ones.
struct RestartRule: Equatable {
    static let first: Milliseconds = 100
    static let longest: Milliseconds = 30_000
    /// A run of this length counts as a success.
    static let longRun: Milliseconds = 10_000

    /// How often an error of the image or the configuration is tried: a mount may have come too late.
    static let hopelessTries = 3

    let policy: RuntimeRecord.Restart
    private var delay = first
    private var hopeless = 0

    init(_ policy: RuntimeRecord.Restart) { self.policy = policy }

    /// How long to wait before the next start; nil when the service stays as it is.
    mutating func delay(after outcome: ContainerRun.Outcome, ranFor span: Milliseconds) -> Milliseconds? {
        if case .hopeless = outcome { hopeless += 1 } else { hopeless = 0 }
        switch policy {
        case .no: return nil
        case .onFailure where outcome.isSuccess: return nil
        case .onFailure, .always: break
        }
        guard hopeless < Self.hopelessTries else { return nil }
        if span >= Self.longRun { delay = Self.first }
        defer { delay = min(delay * 2, Self.longest) }
        return delay
    }

    /// Forgets earlier failures: a person starts the service.
    mutating func reset() { (delay, hopeless) = (Self.first, 0) }
}
