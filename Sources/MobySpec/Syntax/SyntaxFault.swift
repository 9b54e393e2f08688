/// Why a value of the right type is not a good one. The message goes on from the name of the value: `is 'x', expected y`.
struct SyntaxFault: Error, Equatable, Sendable {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
