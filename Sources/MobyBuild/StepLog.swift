/// How long the steps of a build take.
struct StepLog {
    private var start = ContinuousClock.now
    private(set) var timings: [BuildResult.Timing] = []

    /// Notes that a step, begun when the one before ended, has ended.
    mutating func end(_ step: String) {
        let now = ContinuousClock.now
        timings.append(BuildResult.Timing(step: step, duration: now - start))
        start = now
    }
}
