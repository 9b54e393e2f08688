public import Extents

/// A run that ended early: why, and what became of what it had made.
public struct GCPFailure: HintedError, CustomStringConvertible, Sendable {
    /// What went wrong; nil when only the tidying up did.
    public let cause: (any Error)?
    /// What was removed again.
    public let removed: [String]
    /// What could not be removed: what, why, and the command that removes it.
    public let left: [String]

    /// Whether the user wanted the end.
    public var isStopped: Bool { cause is CancellationError }

    public var hint: String? { (cause as? any HintedError)?.hint }

    public var description: String {
        var lines = [cause.map { isStopped ? "stopped" : "\($0)" } ?? "not everything could be removed"]
        if !removed.isEmpty { lines.append("removed again: \(removed.joined(separator: ", "))") }
        lines += left.map { "left behind: \($0)" }
        return lines.joined(separator: "\n  ")
    }
}
