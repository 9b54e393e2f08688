/// Why a value of the right type is not a good one. The message goes on from the name of the value: `is 'x', expected
/// y`.
public struct SyntaxFault: Error, Equatable, Sendable {
    public var message: String
    public var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The fault at a place.
    /// - Parameter name: of the value.
    public func diagnostic(_ name: String, at location: SourceLocation?) -> Diagnostic {
        Diagnostic(at: location, "\(name) \(message)", hint: hint)
    }
}
