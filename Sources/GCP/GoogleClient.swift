public import Cloud
internal import FoundationEssentials
public import HTTP

/// The only client of Google's JSON APIs: adds tokens, retries what may pass, turns answers into values or
/// ``GoogleError``s.
public struct GoogleClient: Sendable {
    public let endpoints: Endpoints
    let exchange: JSONExchange
    let retries: RetryPolicy
    private let tokens: TokenSource
    private let quotaProject: String?

    /// - Parameter credential: authorizes the calls; emulated storage needs none.
    public init(_ credential: Credential, transport: any HTTPTransport, endpoints: Endpoints = Endpoints()) {
        self.init(
            credential, transport: transport, endpoints: endpoints,
            retries: RetryPolicy(tries: 6, firstPause: .seconds(1)))
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
    public func send<Value: Decodable>(_ call: CloudCall, as type: Value.Type) async throws -> Value {
        try JSONExchange.decode(type, try await send(call), call.title)
    }

    /// The answer, or nil when the resource does not exist (404).
    public func find<Value: Decodable>(_ call: CloudCall, as type: Value.Type) async throws -> Value? {
        do { return try await send(call, as: type) } catch let error as GoogleError where error.status == 404 {
            return nil
        }
    }

    /// Sends a call.
    /// - Returns: the body of the answer.
    @discardableResult
    public func send(_ call: CloudCall) async throws -> [UInt8] { try await answer(call).body }

    /// Sends a call with a token; with a new one when the server rejects the first.
    func answer(_ call: CloudCall) async throws -> JSONExchange.Answer {
        var headers: HTTPHeaders = [:]
        for (name, value) in call.headers { headers[name] = value }
        if call.body != nil { headers["Content-Type"] = "application/json; charset=utf-8" }
        let body =
            call.body.map { HTTPRequest.Body.bytes(Array($0.utf8)) } ?? (call.method == "POST" ? .bytes([]) : .none)
        let request = HTTPRequest(call.method, try exchange.url(call.url, call.title), headers: headers, body: body)
        do {
            return try await exchange.answer(try await authorized(request, call), call.title)
        } catch let error as GoogleError where error.status == 401 {
            await tokens.drop()
            return try await exchange.answer(try await authorized(request, call), call.title)
        }
    }

    /// The request with its token. Only the APIs get it, over https, or when they are simulated on this machine; there
    /// they also work without.
    private func authorized(_ request: HTTPRequest, _ call: CloudCall) async throws -> HTTPRequest {
        let needsNone = call.service == API.storage.rawValue && endpoints.storageIsEmulated
        if needsNone || call.service == API.open.rawValue { return request }
        var request = request
        let isSafe = request.url.scheme == "https"
        let isLocal = !isSafe && WebURL.isLoopback(host: request.url.host)
        guard let authorization = try await tokens.authorization(isNeeded: !isLocal) else { return request }
        guard isSafe || isLocal else {
            throw CredentialError("a token is not sent to \(request.url): the URL is not https")
        }
        request.headers["Authorization"] = authorization
        request.headers["x-goog-user-project"] = quotaProject
        return request
    }
}

/// Google's APIs. Each can be elsewhere, and gets a token or not, independently of the others: see ``Endpoints``.
enum API: String {
    case storage, compute, resourceManager
    /// Public documents: no token.
    case open
}

extension CloudCall {
    init(
        _ api: API, _ title: String, _ method: String, _ url: String, headers: [String: String] = [:],
        text: String? = nil
    ) {
        self.init(api.rawValue, title, method, url, headers: headers, text: text)
    }

    init(
        _ api: API, _ title: String, _ method: String, _ url: String, headers: [String: String] = [:],
        body: some Encodable
    ) throws {
        try self.init(api.rawValue, title, method, url, headers: headers, body: body)
    }
}
