public import Extents

/// Credentials that cannot be used: which, why, and what to do. Never holds a secret.
public struct CredentialError: HintedError, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
