internal import FoundationEssentials

/// What proves to a registry who asks. It never appears in messages.
enum Credential: Equatable, Sendable, CustomStringConvertible {
    case password(user: String, password: String)
    /// A refresh token, exchanged for access tokens (`identitytoken`).
    case identityToken(String)
    /// A bearer token that is used as it is (`registrytoken`).
    case bearer(String)

    /// The value of `Authorization` for the basic scheme (RFC 7617); nil for tokens.
    var basic: String? {
        guard case .password(let user, let password) = self else { return nil }
        return "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    var description: String {
        switch self {
        case .password(let user, _): "password of '\(user)'"
        case .identityToken: "identity token"
        case .bearer: "registry token"
        }
    }
}
