internal import Extents
internal import HTTP

/// One way to authenticate that a server offers in `WWW-Authenticate` (RFC 9110, section 11.6.1).
struct Challenge: Equatable, Sendable {
    /// In lower case: `basic`, `bearer`.
    var scheme: String
    /// Names in lower case.
    var parameters: [String: String]

    /// All challenges of a header field; what cannot be read ends the list.
    static func parse(_ field: String) -> [Challenge] {
        var scanner = Scanner(rest: field[...])
        var challenges: [Challenge] = []
        while let word = scanner.token() {
            if !challenges.isEmpty, scanner.takeEquals(), let value = scanner.value() {
                challenges[challenges.count - 1].parameters[word.lowercased()] = value
            } else {
                challenges.append(Challenge(scheme: word.lowercased(), parameters: [:]))
                scanner.skipToken68()
            }
            scanner.skip(" \t,")
        }
        return challenges
    }

    private struct Scanner {
        var rest: Substring

        mutating func skip(_ characters: String) { rest = rest.drop { characters.contains($0) } }

        mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// An equals sign, with the spaces that may be around it.
        mutating func takeEquals() -> Bool {
            let before = rest
            skip(" \t")
            guard take("=") else {
                rest = before
                return false
            }
            skip(" \t")
            return true
        }

        /// What follows some schemes instead of parameters (RFC 9110, section 11.2): one word of base 64.
        mutating func skipToken68() {
            let before = rest
            skip(" \t")
            let word = rest.prefix { $0.isASCIILetter || $0.isASCIIDigit || "-._~+/".contains($0) }
            rest = rest.dropFirst(word.count)
            skip("=")
            let end = rest.drop { " \t".contains($0) }
            if word.isEmpty || !(end.isEmpty || end.hasPrefix(",")) { rest = before }
        }

        mutating func token() -> String? {
            skip(" \t,")
            let word = rest.prefix { !" \t,=\"".contains($0) }
            rest = rest.dropFirst(word.count)
            return word.isEmpty ? nil : String(word)
        }

        mutating func value() -> String? {
            guard take("\"") else { return token() }
            var text = ""
            while let character = rest.popFirst() {
                if character == "\"" { return text }
                if character == "\\" {
                    guard let escaped = rest.popFirst() else { return nil }
                    text.append(escaped)
                } else {
                    text.append(character)
                }
            }
            return nil
        }
    }
}

/// The request to a token server: by GET with or without a password, by POST with an identity token.
struct TokenRequest {
    let request: HTTPRequest

    init(realm: WebURL, challenge: Challenge, credential: RegistryCredential?, audience: Authorizer.Audience) throws {
        var fields: [(String, String)] = []
        if let service = challenge.parameters["service"] { fields.append(("service", service)) }
        for part in Self.scopes(challenge, audience) { fields.append(("scope", part)) }
        if case .identityToken(let secret) = credential {
            fields += [("grant_type", "refresh_token"), ("client_id", "moby"), ("refresh_token", secret)]
            request = HTTPRequest(
                "POST", realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(Self.form(fields).utf8)))
            return
        }
        if case .password(let user, _) = credential { fields.append(("account", user)) }
        // Requests a token to use instead of the password.
        if audience.isLogin { fields += [("client_id", "moby"), ("offline_token", "true")] }
        let separator = realm.text.contains("?") ? "&" : "?"
        guard let url = WebURL("\(realm.text)\(fields.isEmpty ? "" : separator)\(Self.form(fields))") else {
            throw RegistryCredentialError("token server \(realm) has no valid address")
        }
        var headers: HTTPHeaders = [:]
        headers["Authorization"] = credential?.basic
        request = HTTPRequest("GET", url, headers: headers)
    }

    private static func scopes(_ challenge: Challenge, _ audience: Authorizer.Audience) -> [String] {
        guard !audience.isLogin else { return [] }
        let needed = "repository:\(audience.repository):\(audience.actions)"
        // Pulling uses the scope that the registry asks for; pushing needs one that it may not name.
        let scope = audience.actions == "pull" ? challenge.parameters["scope"] ?? needed : needed
        return scope.split(separator: " ").map(String.init)
            + (audience.source.map { ["repository:\($0):pull"] } ?? [])
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(WebURL.percentEncoded($0.1))" }.joined(separator: "&")
    }
}
