public import Extents

/// What cannot be looked into, or is not there.
public struct InspectError: HintedError, CustomStringConvertible, Equatable {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String? = nil) {
        (self.description, self.hint) = (description, hint)
    }
}
