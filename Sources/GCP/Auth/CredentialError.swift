public import Extents

/// Credentials that cannot be used: which, why, and what to do. Never holds a secret.
public struct CredentialError: HintedError, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    public let hint: String?
    /// Whether there are none at all, which matters only to those who need some.
    let isAbsence: Bool

    init(_ description: String, hint: String? = nil, isAbsence: Bool = false) {
        self.description = description
        self.hint = hint
        self.isAbsence = isAbsence
    }
}
