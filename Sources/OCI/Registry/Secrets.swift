/// What was sent to prove who we are, so that it can be cut out of what a server says.
struct Secrets: Sendable {
    private var known: Set<String> = []

    /// Shorter ones are in every text.
    private static let shortest = 4

    mutating func add(_ secret: String) {
        if secret.utf8.count >= Self.shortest { known.insert(secret) }
    }

    /// The password or token, and the header field that is made of it.
    mutating func add(_ credential: Credential) {
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
