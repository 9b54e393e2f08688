/// A time or a span of time in milliseconds.
typealias Milliseconds = Int64

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
