public import Extents

/// Why a machine cannot be started, and what to do about it.
public struct RunError: HintedError, CustomStringConvertible, Equatable, Sendable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
