public import Extents

/// A machine cannot be started: what is in the way, and what to do about it.
public struct RunError: HintedError, CustomStringConvertible, Equatable, Sendable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
