internal import CCurl
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

    /// Statuses that may be others next time (RFC 9110 and RFC 6585).
    package static func isTransient(_ status: Int) -> Bool { [408, 425, 429, 500, 502, 503, 504].contains(status) }

    /// The pause after try number `number`, counted from 1.
    /// - Returns: nil when it is not worth waiting.
    package func pause(after number: Int, _ response: HTTPResponse?) -> Duration? {
        guard number < tries else { return nil }
        let ours = firstPause * (1 << min(number - 1, 16))
        guard let field = response?.headers["Retry-After"] else { return min(ours, longestPause) }
        guard let asked = Self.retryAfter(field) else { return ours }
        return asked <= longestPause ? max(asked, .zero) : nil
    }

    /// Seconds, or a date (RFC 9110, section 10.2.3).
    package static func retryAfter(_ field: String) -> Duration? {
        if let seconds = Int64(field) { return seconds >= 0 ? .seconds(min(seconds, 1 << 40)) : nil }
        let date = curl_getdate(field, nil)
        return date < 0 ? nil : .seconds(max(0, Int64(date) - Int64(time(nil))))
    }
}
