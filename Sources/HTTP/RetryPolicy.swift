internal import CCurl
package import Extents
internal import Glibc

/// How often, and after which pauses, a request is repeated.
package struct RetryPolicy: Sendable {
    /// Tries without progress.
    package let tries: Int
    /// Tries in all, however much each of them brings.
    package static let mostTries = 100
    /// All pauses of one request together; a pause beyond that is not waited for.
    package static let longestWait = Duration.seconds(600)
    /// The first pause; each later one is twice as long.
    package let firstPause: Duration
    /// A server that asks for a longer pause than this is not waited for.
    package let longestPause: Duration
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(
        tries: Int = 4, firstPause: Duration = .milliseconds(500), longestPause: Duration = .seconds(120),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        (self.tries, self.firstPause, self.longestPause, self.sleep) = (tries, firstPause, longestPause, sleep)
    }

    /// The same policy with at most so many tries.
    package func limited(to tries: Int) -> RetryPolicy {
        RetryPolicy(
            tries: min(tries, self.tries), firstPause: firstPause, longestPause: longestPause, sleep: sleep)
    }

    /// Statuses that may be others next time (RFC 9110 and RFC 6585).
    package static func isTransient(_ status: Int) -> Bool { [408, 425, 429, 500, 502, 503, 504].contains(status) }

    /// The pause after try number `number`, counted from 1.
    /// - Returns: nil when it is not worth waiting.
    package func pause(after number: Int, _ response: HTTPResponse?) -> Duration? {
        guard number < tries else { return nil }
        let planned = firstPause * (1 << min(number - 1, 16))
        guard let field = response?.headers["Retry-After"] else { return min(planned, longestPause) }
        guard let requested = Self.retryAfter(field) else { return planned }
        return requested <= longestPause ? max(requested, .zero) : nil
    }

    /// Seconds, or a date (RFC 9110, section 10.2.3).
    package static func retryAfter(_ field: String) -> Duration? {
        if let seconds = Int64(field) { return seconds >= 0 ? .seconds(min(seconds, 1 << 40)) : nil }
        guard CurlLibrary.isLoaded else { return nil }
        let date = moby_curl_getdate(field)
        return date < 0 ? nil : .seconds(max(0, Int64(date) - Int64(time(nil))))
    }
}

/// A try that failed in a way that another one may not. Anything else that a try throws is final.
package struct FailedTry: Error {
    /// What the caller gets when this was the last try.
    let error: any RetriedError
    /// False ends the tries.
    let isTransient: Bool
    let response: HTTPResponse?

    package init(_ error: any RetriedError, isTransient: Bool, _ response: HTTPResponse? = nil) {
        (self.error, self.isTransient, self.response) = (error, isTransient, response)
    }

    /// An answer with an error status, which decides whether it may pass.
    package init(_ error: any RetriedError, _ response: HTTPResponse) {
        self.init(error, isTransient: RetryPolicy.isTransient(response.status), response)
    }
}

/// The tries of one request so far.
package struct RetryState {
    /// Tries since the last progress.
    fileprivate var number = 1
    fileprivate var total = 1
    fileprivate var waited = Duration.zero
    fileprivate let start = ContinuousClock.now

    /// The current try brought a good part of the content: the count of tries starts again.
    package mutating func progress() { number = 1 }
}

extension RetryPolicy {
    /// Runs `attempt` until it returns, fails for good, or tries and time are used up.
    /// - Parameter attempt: throws ``FailedTry`` for what another try may mend.
    /// - Throws: what `attempt` throws; for a ``FailedTry`` its error.
    package func retrying<Value>(_ attempt: (inout RetryState) async throws -> Value) async throws -> Value {
        var state = RetryState()
        while true {
            do { return try await attempt(&state) } catch let failed as FailedTry {
                guard failed.isTransient, state.total < Self.mostTries,
                    let pause = pause(after: state.number, failed.response),
                    state.waited + pause <= Self.longestWait
                else {
                    let seconds = (ContinuousClock.now - state.start) / .seconds(1)
                    throw failed.error.after(tries: state.total, seconds: seconds)
                }
                try await sleep(pause)
                state.waited += pause
            }
            state.number += 1
            state.total += 1
        }
    }
}
