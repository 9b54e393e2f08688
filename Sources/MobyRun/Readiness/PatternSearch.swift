internal import Dispatch
internal import Extents
internal import Synchronization

/// A search for a regular expression of the user's in text of the guest's. Some expressions take exponential time, and
/// a search cannot be interrupted: it runs in a thread that is left behind when its time is over.
package struct PatternSearch: Sendable {
    private let pattern: String
    private let limit: Duration

    /// - Parameters:
    ///   - pattern: was checked before; `^` and `$` match at lines.
    ///   - limit: for all texts of a call.
    package init(_ pattern: String, limit: Duration = .seconds(5)) { (self.pattern, self.limit) = (pattern, limit) }

    /// The first text in which it matches.
    /// - Throws: ``PatternTimeout``; ``RunError`` when no thread can be started.
    package func first(in texts: [String]) throws -> String? {
        guard !texts.isEmpty else { return nil }
        let result = SearchResult()
        let isStarted = OwnThread.start { [pattern] in
            // It was compiled when it was checked.
            let regex = try? Regex(pattern).anchorsMatchLineEndings()
            let found = texts.first { text in regex.map { text.firstMatch(of: $0) != nil } ?? false }
            result.found.withLock { $0 = found }
            result.done.signal()
        }
        guard isStarted else { throw RunError("starting a thread for a regular expression") }
        guard result.done.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1)))) == .success else {
            throw PatternTimeout(pattern: pattern, limit: limit)
        }
        return result.found.withLock(\.self)
    }

    private final class SearchResult: Sendable {
        let found = Mutex<String?>(nil)
        let done = DispatchSemaphore(value: 0)
    }
}

/// A regular expression takes too long for a text.
package struct PatternTimeout: HintedError, CustomStringConvertible {
    package let pattern: String
    let limit: Duration

    package var description: String {
        "the search for '\(PlainText.short(pattern))' took longer than \(limit.components.seconds) s"
    }
    package var hint: String? { "repetitions within repetitions, such as (a+)+, take exponential time" }
}
