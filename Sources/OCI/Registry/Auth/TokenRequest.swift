internal import HTTP

/// What a token server is asked: by GET with or without a password, by POST with an identity token.
struct TokenRequest {
    let request: HTTPRequest

    init(realm: WebURL, challenge: Challenge, credential: Credential?, audience: Authorizer.Audience) throws {
        var fields: [(String, String)] = []
        if let service = challenge.parameters["service"] { fields.append(("service", service)) }
        let ours = "repository:\(audience.repository):\(audience.actions)"
        // A registry that asks for more than we need gets no token for more; pushing needs what we say.
        let scope = audience.actions == "pull" ? challenge.parameters["scope"] ?? ours : ours
        for part in scope.split(separator: " ") { fields.append(("scope", String(part))) }
        if case .identityToken(let secret) = credential {
            fields += [("grant_type", "refresh_token"), ("client_id", "moby"), ("refresh_token", secret)]
            request = HTTPRequest(
                "POST", realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(Self.form(fields).utf8)))
            return
        }
        if case .password(let user, _) = credential { fields.append(("account", user)) }
        let separator = realm.text.contains("?") ? "&" : "?"
        guard let url = WebURL("\(realm.text)\(fields.isEmpty ? "" : separator)\(Self.form(fields))") else {
            throw CredentialError("token server \(realm) cannot be asked: its address is not usable")
        }
        var headers: HTTPHeaders = [:]
        headers["Authorization"] = credential?.basic
        request = HTTPRequest("GET", url, headers: headers)
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(WebURL.percentEncoded($0.1))" }.joined(separator: "&")
    }
}
