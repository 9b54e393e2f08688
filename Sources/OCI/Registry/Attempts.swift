internal import HTTP

/// Counts tries of one request and waits between them.
struct Attempts {
    private let policy: RetryPolicy
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var number = 1

    /// - Parameter mirror: there is somebody else to ask: a mirror gets two tries.
    init(_ policy: RetryPolicy, mirror: Bool) {
        self.policy = policy
        if mirror { number = max(1, policy.tries - 1) }
        first = number
        start = clock.now
    }

    private let first: Int

    /// Waits for the next try.
    /// - Throws: the error, with the number of tries, when there is none.
    mutating func wait(after error: RegistryError, _ response: HTTPResponse? = nil, isTransient: Bool? = nil) async throws {
        let mayPass = isTransient ?? response.map { RetryPolicy.isTransient($0.status) } ?? false
        guard mayPass, let pause = policy.pause(after: number, response) else {
            var last = error
            last.tries = number - first + 1
            last.seconds = (clock.now - start) / .seconds(1)
            throw last
        }
        try await policy.sleep(pause)
        number += 1
    }

    /// Something was received: tries are counted anew.
    mutating func reset() { number = first }
}
