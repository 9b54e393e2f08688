/// Why a text is not the JSON that was expected.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What was found or missing.
    public var reason: String
    /// Bytes before the fault; nil when the text is sound but not what is wanted.
    public var offset: Int?

    /// A fault at `offset` bytes.
    public init(_ reason: String, at offset: Int? = nil) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        guard let offset else { return reason }
        return "\(reason) at byte \(offset)"
    }
}
