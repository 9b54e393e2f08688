internal import BootLayout
internal import Glibc

/// A service and what has become of it.
final class Service {
    enum State: Equatable {
        /// It is not wanted, or its policy says that it is done.
        case stopped
        /// Waits for its turn to start.
        case queued
        case starting
        case running(pid: pid_t)
        /// Was asked to end.
        case stopping
        /// Failed; starts again by and by.
        case waiting
        /// Failed in a way that no other try heals.
        case failed
    }

    let bundle: Bundle
    var state = State.stopped
    var record = RuntimeRecord()
    var rule = RestartRule(.onFailure)
    /// Failures since it was last well, as far as the console is concerned.
    var streak = FailureStreak()
    /// Whether its file systems are mounted; they stay so from run to run.
    var isPrepared = false
    var run: ContainerRun?
    var output: ContainerOutput?
    /// Is handed all that the service writes.
    var follower: ((ArraySlice<UInt8>) -> Void)?
    /// When the present state began.
    var since: Milliseconds = 0
    var starts = 0
    var lastOutcome: ContainerRun.Outcome?
    /// Starts it again, or, while it runs, finds it well.
    var timer: Int?
    /// Called once it does not run.
    var onStopped: [() -> Void] = []
    /// Called once it runs (true) or did not come up (false).
    var onStarted: [(Bool) -> Void] = []

    init(_ bundle: Bundle) { self.bundle = bundle }

    var name: String { bundle.name }

    var isAlive: Bool {
        switch state {
        case .starting, .running, .stopping: true
        case .stopped, .queued, .waiting, .failed: false
        }
    }

    /// A row of `service list`.
    func row(now: Milliseconds) -> [String] {
        let age = TimeText.age(now - since)
        let last = lastOutcome.map { $0.text } ?? "-"
        let restarts = "\(max(0, starts - 1))"
        return switch state {
        case .stopped: [name, "stopped", "-", "-", restarts, last]
        case .queued: [name, "queued", "-", "-", restarts, last]
        case .starting: [name, "starting", "-", age, restarts, last]
        case .running(let pid): [name, "running", "\(pid)", age, restarts, last]
        case .stopping: [name, "stopping", "-", age, restarts, last]
        case .waiting: [name, "waiting", "-", age, restarts, last]
        case .failed: [name, "failed", "-", age, restarts, last]
        }
    }
}
