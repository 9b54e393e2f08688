/// What `gcloud auth application-default login` leaves (JSON, type `authorized_user`).
public struct AuthorizedUser: Sendable, Decodable {
    let clientID: String
    let clientSecret: Secret
    let refreshToken: Secret
    public let project: String?
    /// The file, and what names it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case clientID = "client_id"
        case clientSecret = "client_secret"
        case refreshToken = "refresh_token"
        case project = "quota_project_id"
    }
}
