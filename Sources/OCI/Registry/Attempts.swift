internal import HTTP

/// Counts tries of one request and waits between them.
struct Attempts {
    private let policy: RetryPolicy
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    /// Tries since the last progress, as the policy counts them.
    private var number: Int
    private let first: Int
    /// Tries so far.
    private var all = 1
    /// Waited so far.
    private var waited = Duration.zero

    /// - Parameter mirror: there is somebody else to ask: a mirror gets two tries.
    init(_ policy: RetryPolicy, mirror: Bool) {
        self.policy = policy
        first = mirror ? max(1, policy.tries - 1) : 1
        number = first
        start = clock.now
    }

    /// Waits for the next try.
    /// - Throws: the error, with the number of tries, when there is none.
    mutating func wait(after error: RegistryError, _ response: HTTPResponse? = nil, isTransient: Bool? = nil)
        async throws
    {
        let mayPass = isTransient ?? response.map { RetryPolicy.isTransient($0.status) } ?? false
        guard mayPass, all < RetryPolicy.mostTries, let pause = policy.pause(after: number, response),
            waited + pause <= RetryPolicy.longestWait
        else {
            var last = error
            last.tries = all
            last.seconds = (clock.now - start) / .seconds(1)
            throw last
        }
        try await policy.sleep(pause)
        waited += pause
        number += 1
        all += 1
    }

    /// The last try brought a good part of what is wanted: as many tries are left as at first.
    mutating func progress() { number = first }
}
