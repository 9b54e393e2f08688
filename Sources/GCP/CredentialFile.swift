public import Extents

/// Credentials that cannot be used: which, why, and what to do. Never contains a secret.
public struct CredentialError: HintedError, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    public let hint: String?
    /// Whether there are none at all, which matters only where some are needed.
    let isAbsence: Bool

    init(_ description: String, hint: String? = nil, isAbsence: Bool = false) {
        self.description = description
        self.hint = hint
        self.isAbsence = isAbsence
    }
}

/// The credentials of `gcloud auth application-default login` (JSON, type `authorized_user`).
public struct AuthorizedUser: Sendable, Decodable {
    let clientID: String
    let clientSecret: Secret
    let refreshToken: Secret
    public let project: String?
    /// The file, and the option or variable that named it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case clientID = "client_id"
        case clientSecret = "client_secret"
        case refreshToken = "refresh_token"
        case project = "quota_project_id"
    }
}

/// A service account's key, as downloaded from the console (JSON, type `service_account`).
public struct ServiceAccount: Sendable, Decodable {
    public let email: String
    public let project: String?
    let key: Secret
    let keyID: String?
    let tokenURL: String?
    /// The file, and the option or variable that named it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case email = "client_email"
        case project = "project_id"
        case key = "private_key"
        case keyID = "private_key_id"
        case tokenURL = "token_uri"
    }
}
