internal import FoundationEssentials
public import HTTP

/// The one way to Google's JSON APIs: adds tokens, tries again where that helps, turns answers into values or ``GoogleError``s.
public struct GoogleClient: Sendable {
    public let endpoints: Endpoints
    let exchange: JSONExchange
    let retries: RetryPolicy
    private let tokens: TokenSource
    private let quotaProject: String?

    /// - Parameter credential: who asks; emulated storage is asked by nobody.
    public init(_ credential: Credential, transport: any HTTPTransport, endpoints: Endpoints = Endpoints()) {
        self.init(credential, transport: transport, endpoints: endpoints, retries: RetryPolicy(tries: 6, firstPause: .seconds(1)))
    }

    package init(
        _ credential: Credential, transport: any HTTPTransport, endpoints: Endpoints, retries: RetryPolicy,
        time: @escaping @Sendable () -> Int64 = TokenSource.now
    ) {
        self.endpoints = endpoints
        self.retries = retries
        let exchange = JSONExchange(transport: transport, retries: retries)
        self.exchange = exchange
        tokens = TokenSource(credential, exchange, endpoints, time: time)
        if case .user(let user) = credential { quotaProject = user.project } else { quotaProject = nil }
    }

    /// Sends a call and reads its answer.
    public func send<Value: Decodable>(_ call: APICall, as type: Value.Type) async throws -> Value {
        try JSONExchange.decode(type, try await send(call), call.title)
    }

    /// The answer, or nil when there is no such thing (404).
    public func find<Value: Decodable>(_ call: APICall, as type: Value.Type) async throws -> Value? {
        do { return try await send(call, as: type) } catch let error as GoogleError where error.status == 404 { return nil }
    }

    /// Sends a call.
    /// - Returns: the body of the answer.
    @discardableResult
    public func send(_ call: APICall) async throws -> [UInt8] {
        var headers: HTTPHeaders = [:]
        if call.body != nil { headers["Content-Type"] = "application/json; charset=utf-8" }
        let body = call.body.map { HTTPRequest.Body.bytes(Array($0.utf8)) } ?? (call.method == "POST" ? .bytes([]) : .none)
        let request = HTTPRequest(call.method, try exchange.url(call.url, call.title), headers: headers, body: body)
        return try await authorized(request, call) { try await exchange.answer($0, call.title) }.body
    }

    /// Fetches a public document, without a token.
    public func fetch(_ url: String, _ title: String) async throws -> [UInt8] {
        try await exchange.answer(HTTPRequest("GET", try exchange.url(url, title)), title).body
    }

    /// Sends a request with a token; with a new one when the server does not take the first.
    func authorized(
        _ request: HTTPRequest, _ call: APICall, _ send: (HTTPRequest) async throws -> JSONExchange.Answer
    ) async throws -> JSONExchange.Answer {
        do { return try await send(try await signed(request, call.api)) } catch let error as GoogleError where error.status == 401 {
            await tokens.drop()
            return try await send(try await signed(request, call.api))
        }
    }

    /// The request with its token. Only the APIs get it, by https, or when they are played on this machine; there they do without as well.
    private func signed(_ request: HTTPRequest, _ api: API) async throws -> HTTPRequest {
        if api == .storage, endpoints.storageIsEmulated { return request }
        var request = request
        let isSafe = request.url.scheme == "https"
        let isLocal = !isSafe && WebURL.isLoopback(host: request.url.host)
        guard let authorization = try await tokens.authorization(isNeeded: !isLocal) else { return request }
        guard isSafe || isLocal else {
            throw CredentialError("a token is not sent to \(request.url): it is not https")
        }
        request.headers["Authorization"] = authorization
        request.headers["x-goog-user-project"] = quotaProject
        return request
    }
}
