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
    /// Whether it serves, as far as its readiness is known; only of meaning while it runs.
    var isReady = false
    var readiness: ReadinessWatch?
    var health: HealthWatch?
    var notifier: NotifySocket?
    /// Called once when it is ready (true) or failed to start (false).
    var onStarted: [(Bool) -> Void] = []

    init(_ bundle: Bundle) { self.bundle = bundle }

    var supervision: Supervision { record.supervision }
    /// How long it may take to stop, unless its record says so.
    var askedGrace = Supervisor.grace

    /// How long it may take to stop.
    func grace(_ standard: Milliseconds) -> Milliseconds { supervision.stopGrace.map { Milliseconds($0) } ?? standard }

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

    /// Ended well, and is not started again.
    var isDone: Bool { state == .stopped && lastOutcome?.isSuccess == true }

    var stateName: String {
        switch state {
        case .running where !isReady: "starting"
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

    /// It is looked at from outside no more.
    func endWatches() {
        readiness?.cancel()
        health?.cancel()
        (readiness, health) = (nil, nil)
    }
}
