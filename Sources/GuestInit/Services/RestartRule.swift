internal import BootLayout

/// When a service that ended starts again: at once after a long run, ever later after short ones.
struct RestartRule: Equatable {
    static let first: Milliseconds = 100
    static let longest: Milliseconds = 30_000
    /// A run of this length is no failure to come up.
    static let longRun: Milliseconds = 10_000

    /// A fault of the image or the configuration is tried so often: a mount may have come too late.
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

    /// Forgets earlier failures, when a person starts the service.
    mutating func reset() { (delay, hopeless) = (Self.first, 0) }
}
