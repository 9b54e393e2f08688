public import Extents

/// What an image cannot be, or what a file that was read is not.
public struct DiskImageError: HintedError, CustomStringConvertible, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
