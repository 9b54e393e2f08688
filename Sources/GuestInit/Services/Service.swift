internal import BootLayout
internal import Glibc
internal import GuestSystem

/// A service and its state.
final class Service {
    enum State: Equatable {
        /// It is not wanted, or its policy does not start it again.
        case stopped
        /// Waits for its turn.
        case queued
        case starting
        case running(pid: pid_t)
        /// Was asked to end.
        case stopping
        /// Failed; starts again after a delay.
        case waiting
        /// Failed in a way that another try would not change.
        case failed
    }

    let bundle: Bundle
    var state = State.stopped
    var record = RuntimeRecord()
    var rule = RestartRule(.onFailure)
    /// Failures since it last ran well, for the console.
    var streak = FailureStreak()
    /// Whether its file systems are mounted; they stay mounted between runs.
    var isPrepared = false
    var run: ContainerRun?
    var output: ContainerOutput?
    /// They get everything that the service writes.
    var followers: [Int: (ArraySlice<UInt8>) -> Void] = [:]
    private var lastFollower = 0
    /// When the current state began.
    var since: Milliseconds = 0
    var starts = 0
    var lastOutcome: ContainerRun.Outcome?
    /// Starts it again or, while it runs, ends its streak of failures.
    var timer: Int?
    /// Called once when it no longer runs.
    var onStopped: [() -> Void] = []
    /// Called once when it runs (true) or failed to start (false).
    var onStarted: [(Bool) -> Void] = []

    init(_ bundle: Bundle) { self.bundle = bundle }

    var name: String { bundle.name }

    var isAlive: Bool {
        switch state {
        case .starting, .running, .stopping: true
        case .stopped, .queued, .waiting, .failed: false
        }
    }

    /// - Returns: the key of the follower in ``followers``.
    func follow(_ follower: @escaping (ArraySlice<UInt8>) -> Void) -> Int {
        lastFollower += 1
        followers[lastFollower] = follower
        return lastFollower
    }

    var stateName: String {
        switch state {
        case .stopped: "stopped"
        case .queued: "queued"
        case .starting: "starting"
        case .running: "running"
        case .stopping: "stopping"
        case .waiting: "waiting"
        case .failed: "failed"
        }
    }

    var restarts: Int { max(0, starts - 1) }

    func report(now: Milliseconds) -> MachineState.Service {
        let pid: Int? = if case .running(let pid) = state { Int(pid) } else { nil }
        return MachineState.Service(
            name: name, state: stateName, pid: pid, age: Int(now - since), restarts: restarts,
            lastEnd: lastOutcome?.text)
    }

    /// A row of `service list`.
    func row(now: Milliseconds) -> [String] {
        let age = TimeText.age(now - since)
        let last = lastOutcome.map { $0.text } ?? "-"
        return switch state {
        case .stopped, .queued: [name, stateName, "-", "-", "\(restarts)", last]
        case .running(let pid): [name, stateName, "\(pid)", age, "\(restarts)", last]
        case .starting, .stopping, .waiting, .failed: [name, stateName, "-", age, "\(restarts)", last]
        }
    }
}

/// Limits the reports about a service that keeps failing: the first failure in full, a minute later a summary,
/// then nothing until it runs, is stopped, or is given up. A console with a login shows changes of state, not each try.
struct FailureStreak: Equatable {
    enum Report: Equatable {
        case first
        case summary(failures: Int, span: Milliseconds)
        case nothing
    }

    /// When a summary is due.
    static let span: Milliseconds = 60_000
    /// A service that ran for this long has recovered.
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
