internal import HTTP

/// Speaks with registries (OCI distribution-spec): tries, waits, authenticates, and tells in an error all that a user needs.
final class RegistryClient: Sendable {
    let retry: RetryPolicy
    private let insecure: Set<String>
    private let mirrors: [Mirror]
    private let redirects: Redirects
    private let authorizer: Authorizer

    init(
        transport: any HTTPTransport, environment: [String: String], insecure: [String] = [], mirrors: [String] = [],
        retry: RetryPolicy = RetryPolicy()
    ) throws {
        let insecure = Set(insecure.map { $0.lowercased() })
        let redirects = Redirects(transport: transport) { Self.isPlain(host: $0.host, port: $0.port, insecure) }
        self.insecure = insecure
        self.retry = retry
        self.mirrors = try mirrors.map(Mirror.init)
        self.redirects = redirects
        authorizer = Authorizer(credentials: Credentials(environment: environment), allowsPlain: redirects.allowsPlain) {
            try await redirects.exchange($0, into: $1).response
        }
    }

    /// Loopback hosts and those named insecure, with or without port, are spoken to without TLS.
    private static func isPlain(host: String, port: Int?, _ insecure: Set<String>) -> Bool {
        WebURL.isLoopback(host: host) || insecure.contains(host) || port.map { insecure.contains("\(host):\($0)") } ?? false
    }

    /// The registry itself.
    func origin(of registry: String) -> Endpoint {
        var host = registry[...]
        if let colon = registry.lastIndex(of: ":"), !registry.hasSuffix("]") { host = registry[..<colon] }
        let isPlain = WebURL.isLoopback(host: String(host)) || insecure.contains(registry) || insecure.contains(String(host))
        return Endpoint(registry: registry, isPlain: isPlain)
    }

    /// Mirrors in the order they were given, those of this registry and those of all; then the registry itself.
    func endpoints(of registry: String) -> [Endpoint] {
        mirrors.filter { $0.registry == nil || $0.registry == registry }.map(\.endpoint) + [origin(of: registry)]
    }

    /// Tries a request until it gives an answer that is not a passing failure.
    /// - Throws: `RegistryError` for any other status than 2xx and those in `accepting`.
    func send(
        _ request: HTTPRequest, _ scope: Scope, into sink: BufferSink, accepting: Set<Int> = []
    ) async throws -> HTTPResponse {
        var attempts = Attempts(retry, mirror: scope.endpoint.isMirror)
        while true {
            do {
                let response = try await authorized(request, scope, into: sink)
                if response.isSuccess || accepting.contains(response.status) { return response }
                try await attempts.wait(after: await failure(request, response, body: sink.bytes, scope), response)
            } catch let error as TransportError {
                try await attempts.wait(after: RegistryError(request, error), isTransient: error.isTransient)
            } catch let error as RegistryError where error.isFromTokenServer {
                try await attempts.wait(after: error, isTransient: error.status.map(RetryPolicy.isTransient) ?? error.isTransient)
            }
        }
    }

    /// One try at a host that our credentials are not for.
    func sendUnauthorized(_ request: HTTPRequest, into sink: BufferSink) async throws -> HTTPResponse {
        do {
            return try await redirects.exchange(request, into: sink).response
        } catch let error as TransportError {
            throw RegistryError(request, error)
        }
    }

    /// One try: with the authorization that worked before, then with an answer to the challenge.
    func authorized(_ request: HTTPRequest, _ scope: Scope, into sink: any HTTPBodySink) async throws -> HTTPResponse {
        let audience = audience(of: request, scope)
        var request = request
        request.headers["User-Agent"] = "moby"
        request.headers["Authorization"] = await authorizer.authorization(for: audience)
        let (response, url) = try await redirects.exchange(request, into: sink)
        guard response.status == 401, url.origin == request.url.origin else { return response }
        let challenges = response.headers.values("WWW-Authenticate").flatMap(Challenge.parse)
        guard let value = try await authorizer.answer(challenges, for: audience) else { return response }
        request.headers["Authorization"] = value
        return try await redirects.exchange(request, into: sink).response
    }

    /// What an answer that is no success means.
    func failure(_ request: HTTPRequest, _ response: HTTPResponse, body: [UInt8], _ scope: Scope) async -> RegistryError {
        let named = await authorizer.isNamed(audience(of: request, scope))
        return RegistryError(request, response, body: body, named: named)
    }

    private func audience(of request: HTTPRequest, _ scope: Scope) -> Authorizer.Audience {
        Authorizer.Audience(
            origin: request.url.origin, host: scope.endpoint.host, repository: scope.endpoint.prefix + scope.repository,
            actions: scope.actions)
    }
}

extension RegistryClient {
    /// What a request is about.
    struct Scope: Sendable {
        var endpoint: Endpoint
        var repository: String
        var actions = "pull"
    }
}
