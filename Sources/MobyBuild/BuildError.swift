public import Extents

/// A build that cannot go on: what was found, and what to do about it.
public struct BuildError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
