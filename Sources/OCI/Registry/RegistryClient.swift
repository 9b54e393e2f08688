internal import Extents
internal import HTTP
internal import Progress

/// A client of registries (OCI distribution-spec): it retries, waits, authenticates, and its errors have all that a
/// user needs.
final class RegistryClient: Sendable {
    let retry: RetryPolicy
    let progress: Reporter
    private let access: HostAccess
    private let mirrors: [Mirror]
    private let rules: RegistryRules
    private let redirects: Redirects
    private let authorizer: Authorizer

    /// - Parameters:
    ///   - insecure: hosts, with or without port, that are contacted without TLS.
    ///   - secure: loopback hosts, with or without port, that are contacted with TLS.
    init(
        transport: any HTTPTransport, credentials: Credentials, insecure: [String] = [], secure: [String] = [],
        mirrors: [String] = [], rules: RegistryRules = RegistryRules(),
        retry: RetryPolicy = RetryPolicy(), progress: Reporter = .silent
    ) throws {
        let access = HostAccess(insecure: HostSet(insecure), secure: HostSet(secure), rules: rules)
        let redirects = Redirects(transport: transport) { access.allowsPlain($0) }
        self.access = access
        self.rules = rules
        self.retry = retry
        self.progress = progress
        self.mirrors = try mirrors.map(Mirror.init)
        self.redirects = redirects
        authorizer = Authorizer(
            credentials: credentials, allowsPlain: redirects.allowsPlain
        ) { try await redirects.exchange($0, into: $1) }
    }

    /// The registry itself. Loopback hosts and those named insecure are spoken to without TLS.
    func origin(of registry: String) -> Endpoint {
        Endpoint(registry: registry, isPlain: access.isPlain(registry))
    }

    /// Mirrors of the options in the order they were given, those of this registry and those of all; then those of the
    /// first rule that matches; then the registry itself, unless the rule says otherwise.
    func endpoints(of reference: ImageReference) -> [Endpoint] {
        let registry = reference.registry
        let given = mirrors.filter { $0.registry == nil || $0.registry == registry }.map(\.endpoint)
        let rule = rules.mirrors(of: reference)
        return given + (rule?.endpoints ?? []) + (rule?.asksOrigin ?? true ? [origin(of: registry)] : [])
    }

    /// Tries a request until it succeeds or fails for good.
    /// - Throws: `RegistryError` for any other status than 2xx and those in `accepting`.
    func send(
        _ request: HTTPRequest, _ scope: Scope, into sink: BufferSink, accepting: Set<Int> = []
    ) async throws -> HTTPResponse {
        try await progress.during(.wait, "'\(request.url.authority)': \(request.method) \(request.url)") { _ in
            try await policy(scope).retrying { _ in
                try await oneTry(request) {
                    let answer = try await authorized(request, scope, into: sink)
                    let response = answer.response
                    if response.isSuccess || accepting.contains(response.status) { return response }
                    throw FailedTry(await failure(request, answer, body: sink.bytes, scope), response)
                }
            }
        }
    }

    /// A mirror gets two tries, since there is another server to ask.
    func policy(_ scope: Scope) -> RetryPolicy { scope.endpoint.isMirror ? retry.limited(to: 2) : retry }

    /// Turns what one try throws into errors of a registry.
    func oneTry<Value>(_ request: HTTPRequest, _ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let error as TransportError {
            throw FailedTry(RegistryError(request, error), isTransient: error.isTransient)
        } catch let error as ExtentError {
            throw RegistryError(request, "the answer has \(error)")
        } catch let error as RegistryError where error.isFromTokenServer {
            let isTransient = error.status.map(RetryPolicy.isTransient) ?? error.isTransient
            throw FailedTry(error, isTransient: isTransient)
        }
    }

    /// One try at a host that must not see the credentials.
    func sendUnauthorized(_ request: HTTPRequest, into sink: BufferSink) async throws {
        do {
            let answer = try await redirects.exchange(request, into: sink)
            guard answer.response.isSuccess else {
                throw RegistryError(request, answer, body: sink.bytes, named: false, secrets: await authorizer.secrets)
            }
        } catch let error as TransportError {
            throw RegistryError(request, error)
        }
    }

    /// One try: with the authorization that worked before, then with an answer to the challenge.
    func authorized(_ request: HTTPRequest, _ scope: Scope, into sink: any HTTPBodySink) async throws
        -> Redirects.Answer
    {
        let audience = audience(of: request, scope)
        var request = request
        request.headers["User-Agent"] = "moby"
        request.headers["Authorization"] = await authorizer.authorization(for: audience)
        let first = try await redirects.exchange(request, into: sink)
        guard first.response.status == 401, first.url.origin == request.url.origin else { return first }
        let challenges = first.response.headers.values("WWW-Authenticate").flatMap(Challenge.parse)
        guard let value = try await authorizer.answer(challenges, for: audience) else { return first }
        request.headers["Authorization"] = value
        return try await redirects.exchange(request, into: sink)
    }

    /// The error for an answer with an error status.
    func failure(_ request: HTTPRequest, _ answer: Redirects.Answer, body: [UInt8], _ scope: Scope) async
        -> RegistryError
    {
        let named = await authorizer.isNamed(audience(of: request, scope))
        return RegistryError(request, answer, body: body, named: named, secrets: await authorizer.secrets)
    }

    private func audience(of request: HTTPRequest, _ scope: Scope) -> Authorizer.Audience {
        Authorizer.Audience(
            origin: request.url.origin, host: scope.endpoint.host,
            repository: scope.repository.isEmpty ? "" : scope.endpoint.prefix + scope.repository,
            actions: scope.actions, source: scope.source)
    }
}

extension RegistryClient {
    /// What a request is about.
    struct Scope: Sendable {
        var endpoint: Endpoint
        var repository: String
        var actions = "pull"
        /// Another repository, whose blobs are to be mounted.
        var source: String?
    }

    /// Asks a registry who the user is.
    /// - Returns: whether it asked for a login at all, and what it gave to be used in place of the password.
    func logIn(at endpoint: Endpoint) async throws -> (isAsked: Bool, identityToken: String?) {
        guard let url = WebURL("\(endpoint.base)/") else {
            throw TransportError("'\(endpoint.base)' is not a usable address", isTransient: false)
        }
        let scope = Scope(endpoint: endpoint, repository: "")
        let request = HTTPRequest("GET", url)
        _ = try await send(request, scope, into: BufferSink(limit: 64 << 10))
        let isAsked = await authorizer.isNamed(audience(of: request, scope))
        return (isAsked, await authorizer.identityToken)
    }
}
