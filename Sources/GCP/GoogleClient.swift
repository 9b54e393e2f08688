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
        return try await authorized(request, call.title) { try await exchange.answer($0, call.title) }.body
    }

    /// Fetches a public document, without a token.
    public func fetch(_ url: String, _ title: String) async throws -> [UInt8] {
        try await exchange.answer(HTTPRequest("GET", try exchange.url(url, title)), title).body
    }

    /// Sends a request with a token; with a new one when the server does not take the first.
    func authorized(
        _ request: HTTPRequest, _ title: String, _ send: (HTTPRequest) async throws -> JSONExchange.Answer
    ) async throws -> JSONExchange.Answer {
        do { return try await send(try await signed(request)) } catch let error as GoogleError where error.status == 401 {
            await tokens.drop()
            return try await send(try await signed(request))
        }
    }

    /// The request with its token. Only the APIs get it.
    func signed(_ request: HTTPRequest) async throws -> HTTPRequest {
        var request = request
        if request.url.text.hasPrefix("\(endpoints.storage)/"), endpoints.storageIsEmulated { return request }
        guard let authorization = try await tokens.authorization() else { return request }
        guard request.url.scheme == "https" || WebURL.isLoopback(host: request.url.host) else {
            throw CredentialError("a token is not sent to \(request.url): it is not https")
        }
        request.headers["Authorization"] = authorization
        request.headers["x-goog-user-project"] = quotaProject
        return request
    }
}
