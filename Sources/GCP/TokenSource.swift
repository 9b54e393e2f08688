internal import FoundationEssentials
internal import Glibc
internal import HTTP

/// Gets tokens for a credential, and new ones when they expire.
public actor TokenSource {
    /// Storage, with access lists; Compute; the account's permissions in the project.
    public static let scopes = ["devstorage.full_control", "compute", "cloudplatformprojects.readonly"]
        .map { "https://www.googleapis.com/auth/\($0)" }.joined(separator: " ")

    /// Seconds since 1970.
    package static let now: @Sendable () -> Int64 = { Int64(Glibc.time(nil)) }

    private let credential: Credential
    private let client: JSONExchange
    private let endpoints: Endpoints
    private let time: @Sendable () -> Int64
    private var token: Token?
    /// A search has found no credentials.
    private var isAbsent = false

    init(
        _ credential: Credential, _ client: JSONExchange, _ endpoints: Endpoints,
        time: @escaping @Sendable () -> Int64
    ) {
        (self.credential, self.client, self.endpoints, self.time) = (credential, client, endpoints, time)
    }

    /// The value of `Authorization`; nil for anonymous access.
    /// - Parameter isNeeded: whether missing credentials are an error; otherwise they are searched for once.
    func authorization(isNeeded: Bool) async throws -> String? {
        if isAbsent, !isNeeded { return nil }
        do { return try await bearer() } catch let error as CredentialError where error.isAbsence && !isNeeded {
            isAbsent = true
            return nil
        }
    }

    private func bearer() async throws -> String? {
        if case .none = credential { return nil }
        if let token, token.serves(at: time()) { return "Bearer \(token.value.value)" }
        let asked = time()
        let answer = try await ask()
        guard !answer.token.isEmpty, answer.token.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
            throw CredentialError("the token server's answer has no usable token")
        }
        token = Token(value: Secret(answer.token), end: asked + (answer.life ?? 3600))
        return "Bearer \(answer.token)"
    }

    /// Forgets a token that a server has rejected.
    func drop() { token = nil }

    private struct Answer: Decodable {
        var token: String
        /// Seconds.
        var life: Int64?

        enum CodingKeys: String, CodingKey {
            case token = "access_token"
            case life = "expires_in"
        }
    }

    private func ask() async throws -> Answer {
        switch credential {
        case .none: preconditionFailure("anonymous access has no token")
        case .machine: return try await askMachine()
        case .serviceAccount(let account):
            let url = account.tokenURL ?? endpoints.token
            let claims = JWT.Claims(iss: account.email, scope: Self.scopes, aud: url, iat: time(), exp: time() + 3600)
            return try await post(
                url, "logging in as \(account.email)\(account.origin.map { " with \($0)" } ?? "")",
                [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", try JWT.signed(claims, by: account)),
                ])
        case .user(let user):
            return try await post(
                endpoints.token, "logging in with \(user.origin ?? "the stored credentials")",
                [
                    ("grant_type", "refresh_token"), ("client_id", user.clientID),
                    ("client_secret", user.clientSecret.value),
                    ("refresh_token", user.refreshToken.value),
                ])
        }
    }

    private func post(_ url: String, _ title: String, _ fields: [(String, String)]) async throws -> Answer {
        let target = try client.url(url, title)
        guard target.scheme == "https" || WebURL.isLoopback(host: target.host) else {
            throw CredentialError("secrets are not sent to \(target): the URL is not https")
        }
        let form = fields.map { "\($0.0)=\(WebURL.percentEncoded($0.1))" }.joined(separator: "&")
        let request = HTTPRequest(
            "POST", target, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: .bytes(Array(form.utf8)))
        return try await client.decode(Answer.self, request, title)
    }

    /// The metadata server answers within a moment or does not exist.
    private func askMachine() async throws -> Answer {
        let title = "getting a token from the metadata server"
        let address = "\(endpoints.metadata)/computeMetadata/v1/instance/service-accounts/default/token"
        let request = HTTPRequest("GET", try client.url(address, title), headers: ["Metadata-Flavor": "Google"])
        do {
            return try await Deadline.run(.seconds(3)) { [client] in
                try await client.once.decode(Answer.self, request, title)
            }
        } catch let error as GoogleError where error.status != nil {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw CredentialError(
                "there are no Google credentials",
                hint: "log in with: gcloud auth application-default login; or name a service account's key with --keys",
                isAbsence: true)
        }
    }
}

/// An access token and the time when it expires.
struct Token: Sendable {
    let value: Secret
    /// Seconds since 1970.
    let end: Int64

    /// Whether a call may start with the token: not when it is about to expire.
    func serves(at time: Int64) -> Bool { time < end - 60 }
}

/// Text that never appears in the description of a value that contains it.
struct Secret: Sendable, Decodable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let value: String

    init(_ value: String) { self.value = value }

    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(String.self) }

    var description: String { "(secret)" }
    var debugDescription: String { "(secret)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// Work with a time limit.
enum Deadline {
    /// The time limit has passed.
    struct Passed: Error {}

    static func run<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value)
        async throws -> Value
    {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Passed()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw Passed() }
            return first
        }
    }
}
