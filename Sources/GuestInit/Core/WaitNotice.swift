internal import GuestSystem

/// Reports on the console what the boot waits for: after five seconds, then at doubling intervals, until ``end()``.
final class WaitNotice {
    private let loop: EventLoop
    private let console: GuestConsole
    private let subject: () -> String
    private let limit: Milliseconds?
    private let start: Milliseconds
    private var timer: Int?

    static let first: Milliseconds = 5000

    /// - Parameters:
    ///   - subject: the awaited event, such as `onboot 000-dhcpcd`.
    ///   - limit: how long it may take; nil means no limit.
    init(_ subject: @escaping @autoclosure () -> String, limit: Milliseconds?, environment: ContainerEnvironment) {
        self.subject = subject
        self.limit = limit
        (loop, console) = (environment.loop, environment.console)
        start = loop.now
        schedule(after: Self.first)
    }

    private func schedule(after span: Milliseconds) {
        timer = loop.after(start + span - loop.now) { [self] in
            console.report(Self.text(subject(), waited: span, limit: limit))
            schedule(after: span * 2)
        }
    }

    func end() {
        if let timer { loop.cancel(timer: timer) }
        timer = nil
    }

    /// `waiting for onboot 000-dhcpcd (5 s of 30 s)`.
    static func text(_ subject: String, waited: Milliseconds, limit: Milliseconds?) -> String {
        "waiting for \(subject) (\(waited / 1000) s" + (limit.map { " of \($0 / 1000) s)" } ?? ", no limit)")
    }
}

/// Time in words for the console.
enum TimeText {
    /// `0.41 s`.
    static func seconds(_ span: Milliseconds) -> String { decimal(span) + " s" }

    /// Seconds with two decimals, rounded down.
    static func decimal(_ span: Milliseconds) -> String {
        let hundredths = max(span, 0) / 10
        let rest = hundredths % 100
        return "\(hundredths / 100)." + (rest < 10 ? "0\(rest)" : "\(rest)")
    }

    /// `12s`, `3m 5s`, `2h 1m`, `4d 2h`.
    static func age(_ span: Milliseconds) -> String {
        let seconds = max(span, 0) / 1000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86400: return "\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: return "\(seconds / 86400)d \(seconds / 3600 % 24)h"
        }
    }
}
