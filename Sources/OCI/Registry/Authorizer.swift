internal import Extents
internal import FoundationEssentials
internal import HTTP

/// Turns challenges into `Authorization` values and remembers them, by server and purpose.
actor Authorizer {
    /// Who a request is for.
    struct Audience: Hashable, Sendable {
        /// Scheme, host and port that the value may be sent to.
        var origin: String
        var host: RegistryHost
        var repository: String
        /// `pull` or `pull,push`.
        var actions: String
        /// Another repository, whose blobs are to be mounted.
        var source: String?

        /// Whether the request only shows who the user is.
        var isLogin: Bool { repository.isEmpty }
    }

    private let exchange: @Sendable (HTTPRequest, BufferSink) async throws -> Redirects.Answer
    private let credentials: Credentials
    private let allowsPlain: @Sendable (WebURL) -> Bool
    private var known: [Audience: String] = [:]
    private var found: [Audience: RegistryCredential?] = [:]
    /// What a token server gave to be used in place of the password from now on.
    private(set) var identityToken: String?
    /// All secrets that were found or issued so far.
    private(set) var secrets = Secrets()

    /// - Parameters:
    ///   - exchange: sends a request, following redirects without `Authorization` to other hosts.
    ///   - allowsPlain: whether the user allowed secrets to go to this URL without TLS.
    init(
        credentials: Credentials, allowsPlain: @escaping @Sendable (WebURL) -> Bool,
        exchange: @escaping @Sendable (HTTPRequest, BufferSink) async throws -> Redirects.Answer
    ) {
        self.credentials = credentials
        self.allowsPlain = allowsPlain
        self.exchange = exchange
    }

    /// The value that worked last time.
    func authorization(for audience: Audience) -> String? { known[audience] }

    /// Whether there were credentials for the request.
    func isNamed(_ audience: Audience) -> Bool { (found[audience] ?? nil) != nil }

    /// A new value in answer to challenges.
    /// - Returns: nil without credentials for the basic scheme, or without a known scheme.
    func answer(_ challenges: [Challenge], for audience: Audience) async throws -> String? {
        known[audience] = nil
        let credential = try await credential(for: audience)
        var value: String?
        if case .bearer(let token) = credential {
            value = "Bearer \(token)"
        } else if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            value = "Bearer \(try await token(bearer, credential, audience))"
        } else if challenges.contains(where: { $0.scheme == "basic" }) {
            value = credential?.basic
        }
        known[audience] = value
        return value
    }

    private func credential(for audience: Audience) async throws -> RegistryCredential? {
        if let known = found[audience] { return known }
        let credential = try await credentials.credential(for: audience.host, repository: audience.repository)
        found[audience] = credential
        if let credential { secrets.add(credential) }
        return credential
    }

    /// Requests a token from the token server (distribution, token authentication; with an identity token: OAuth2).
    private func token(_ challenge: Challenge, _ credential: RegistryCredential?, _ audience: Audience) async throws
        -> String
    {
        guard let text = challenge.parameters["realm"], let realm = WebURL(text) else {
            throw RegistryCredentialError("registry '\(audience.host.name)' names no valid token server")
        }
        // Loopback is as safe as the connection to the registry itself.
        let isLocal = WebURL.isLoopback(host: realm.host) && audience.origin.hasPrefix("http:")
        guard realm.scheme == "https" || isLocal || allowsPlain(realm) else {
            throw RegistryCredentialError(
                "registry '\(audience.host.name)' names a token server without encryption: \(realm)",
                hint: "allow its host with --insecure-registry if you trust the network")
        }
        let sink = BufferSink(limit: 1 << 20)
        let request = try TokenRequest(realm: realm, challenge: challenge, credential: credential, audience: audience)
            .request
        let given: Redirects.Answer
        do { given = try await exchange(request, sink) } catch let error as TransportError {
            throw RegistryError(tokenServer: request, error)
        } catch let error as ExtentError {
            throw RegistryError(request, "the answer has \(error)")
        }
        guard given.response.isSuccess else {
            var error = RegistryError(request, given, body: sink.bytes, named: credential != nil, secrets: secrets)
            error.isFromTokenServer = true
            throw error
        }
        let answer = try? JSONDecoder().decode(TokenAnswer.self, from: Data(sink.bytes))
        guard let token = answer?.token ?? answer?.accessToken, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !token.isEmpty
        else {
            throw RegistryCredentialError(
                "token server \(realm) sent no token",
                hint: "it answered with status \(given.response.status) and \(sink.bytes.count) bytes")
        }
        secrets.add(token)
        if audience.isLogin, let identity = answer?.refreshToken, !identity.isEmpty {
            secrets.add(identity)
            identityToken = identity
        }
        return token
    }

    private struct TokenAnswer: Decodable {
        var token: String?
        var accessToken: String?
        var refreshToken: String?

        enum CodingKeys: String, CodingKey {
            case token, accessToken = "access_token", refreshToken = "refresh_token"
        }
    }
}

/// Passwords and tokens, which are cut out of what a server answers.
struct Secrets: Sendable {
    private var known: Set<String> = []

    /// Shorter ones occur in any text.
    private static let shortest = 4

    mutating func add(_ secret: String) {
        if secret.utf8.count >= Self.shortest { known.insert(secret) }
    }

    /// The password or token, and the header field that is made of it.
    mutating func add(_ credential: RegistryCredential) {
        switch credential {
        case .password(_, let password): add(password)
        case .identityToken(let token), .bearer(let token): add(token)
        }
        if let basic = credential.basic { add(String(basic.dropFirst("Basic ".count))) }
    }

    /// A text without them.
    func cut(from text: String) -> String {
        // The longest first: one may be in another.
        known.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { $0.replacing($1, with: "(secret)") }
    }
}
