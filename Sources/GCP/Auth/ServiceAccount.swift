/// A service account's key, as the console hands it out (JSON, type `service_account`).
public struct ServiceAccount: Sendable, Decodable {
    public let email: String
    public let project: String?
    let key: Secret
    let keyID: String?
    let tokenURL: String?
    /// The file, and what names it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case email = "client_email"
        case project = "project_id"
        case key = "private_key"
        case keyID = "private_key_id"
        case tokenURL = "token_uri"
    }
}
