internal import Extents
internal import FoundationEssentials
public import HTTP

/// The one way to Google's JSON APIs: adds tokens, tries again where that helps, turns answers into values or
/// ``GoogleError``s.
public struct GoogleClient: Sendable {
    public let endpoints: Endpoints
    let exchange: JSONExchange
    let retries: RetryPolicy
    private let tokens: TokenSource
    private let quotaProject: String?

    /// - Parameter credential: who asks; emulated storage is asked by nobody.
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
    public func send<Value: Decodable>(_ call: APICall, as type: Value.Type) async throws -> Value {
        try JSONExchange.decode(type, try await send(call), call.title)
    }

    /// The answer, or nil when there is no such thing (404).
    public func find<Value: Decodable>(_ call: APICall, as type: Value.Type) async throws -> Value? {
        do { return try await send(call, as: type) } catch let error as GoogleError where error.status == 404 {
            return nil
        }
    }

    /// Sends a call.
    /// - Returns: the body of the answer.
    @discardableResult
    public func send(_ call: APICall) async throws -> [UInt8] {
        var headers: HTTPHeaders = [:]
        if call.body != nil { headers["Content-Type"] = "application/json; charset=utf-8" }
        let body =
            call.body.map { HTTPRequest.Body.bytes(Array($0.utf8)) } ?? (call.method == "POST" ? .bytes([]) : .none)
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
        do { return try await send(try await signed(request, call.api)) } catch let error as GoogleError
            where error.status == 401
        {
            await tokens.drop()
            return try await send(try await signed(request, call.api))
        }
    }

    /// The request with its token. Only the APIs get it, by https, or when they are played on this machine; there they
    /// do without as well.
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

/// The APIs that are asked. Each can be elsewhere, and gets a token or not, by itself: see ``Endpoints``.
public enum API: Sendable { case storage, compute, resourceManager }

/// One request to a JSON API, complete but for the token.
public struct APICall: Sendable, Equatable, CustomStringConvertible {
    public let api: API
    /// What it does, as the start of a sentence: `create image 'web'`.
    public let title: String
    public let method: String
    public let url: String
    /// JSON with its keys in order, as it is sent.
    public let body: String?

    init(_ api: API, _ title: String, _ method: String, _ url: String) { self.init(api, title, method, url, text: nil) }

    init(_ api: API, _ title: String, _ method: String, _ url: String, text: String?) {
        (self.api, self.title, self.method, self.url, body) = (api, title, method, url, text)
    }

    init(_ api: API, _ title: String, _ method: String, _ url: String, body: some Encodable) throws {
        (self.api, self.title, self.method, self.url) = (api, title, method, url)
        self.body = String(decoding: try JSONText.pretty(body), as: UTF8.self)
    }

    /// As `--dry-run` prints it.
    public var description: String { "# \(title)\n\(method) \(url)" + (body.map { "\n" + $0 } ?? "") }
}

/// Where Google's APIs answer; each can be another server, as `gcloud` allows it.
///
/// Each counts by itself. By https an API gets a token. By plain HTTP storage is an emulator, which gets none; the
/// others get none but on loopback, where they do without one too.
public struct Endpoints: Sendable, Equatable {
    /// Cloud Storage JSON API, without `/storage/v1`.
    public var storage = "https://storage.googleapis.com"
    /// Compute Engine API with its version.
    public var compute = "https://compute.googleapis.com/compute/v1"
    /// Cloud Resource Manager API with its version, which knows what the account may do; nil asks nothing of it.
    public var resourceManager: String? = "https://cloudresourcemanager.googleapis.com/v1"
    /// OAuth 2.0 tokens, where a credential does not name its own.
    public var token = "https://oauth2.googleapis.com/token"
    /// The metadata server of a Google machine.
    public var metadata = "http://metadata.google.internal"
    /// Host and port of the serial console; nil is the gateway of the zone's region.
    public var serialPort: String?
    /// Host keys of the serial gateways.
    public var serialPortKeys = "https://www.gstatic.com/vm_serial_port_public_keys"

    public init() {}

    /// - Parameter environment: `CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE`, `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`,
    ///   `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER`, `STORAGE_EMULATOR_HOST`, `CLOUDSDK_AUTH_TOKEN_HOST`,
    ///   `GCE_METADATA_HOST`, `MOBY_GCP_SERIAL_GATEWAY`, `MOBY_GCP_SERIAL_KEYS`.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let host = value("STORAGE_EMULATOR_HOST") { storage = Self.origin(host) }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE") { storage = Self.without("/storage/v1", url) }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE") {
            compute = Self.without("", url)
            // Another Compute Engine has its accounts elsewhere.
            resourceManager = nil
        }
        if let url = value("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER") {
            resourceManager = "\(Self.without("/v1", url))/v1"
        }
        if let url = value("CLOUDSDK_AUTH_TOKEN_HOST") { token = url }
        if let host = value("GCE_METADATA_HOST") { metadata = Self.origin(host) }
        serialPort = value("MOBY_GCP_SERIAL_GATEWAY")
        if let url = value("MOBY_GCP_SERIAL_KEYS") { serialPortKeys = Self.without("", url) }
    }

    /// Whether storage is an emulator, which wants no token.
    public var storageIsEmulated: Bool { storage.hasPrefix("http://") }

    private static func origin(_ host: String) -> String { without("", host.contains("://") ? host : "http://\(host)") }

    private static func without(_ suffix: String, _ url: String) -> String {
        let text = url.hasSuffix("/") ? String(url.dropLast()) : url
        return text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text
    }
}

/// Cloud Resource Manager, API v1: what the account may do in a project.
public struct Projects: Sendable {
    private let client: GoogleClient

    public init(_ client: GoogleClient) { self.client = client }

    /// Which of some permissions are lacking.
    /// - Parameter call: of ``permissions(_:in:_:)``.
    /// - Returns: nil when that cannot be asked: the API is off, or the token's scopes do not reach it.
    public func missing(_ permissions: [String], _ call: APICall) async throws -> [String]? {
        struct Answer: Decodable { var permissions: [String]? }
        do {
            let answer = try await client.send(call, as: Answer.self)
            return permissions.filter { !(answer.permissions ?? []).contains($0) }
        } catch let error as GoogleError where error.status == 403 || error.status == 404 {
            return nil
        }
    }

    /// The question; nil where there is nobody to ask.
    public static func permissions(_ permissions: [String], in project: String, _ endpoints: Endpoints) throws
        -> APICall?
    {
        guard let base = endpoints.resourceManager else { return nil }
        return try APICall(
            .resourceManager, "ask for permissions in project '\(project)'", "POST",
            "\(base)/projects/\(WebURL.percentEncoded(project)):testIamPermissions",
            body: ["permissions": permissions])
    }
}

/// Sends requests, again where that helps, and reads JSON.
struct JSONExchange: Sendable {
    let transport: any HTTPTransport
    var retries: RetryPolicy
    /// The most that an answer may be, in bytes.
    static let limit: UInt64 = 16 << 20

    /// The same without second tries.
    var once: JSONExchange {
        JSONExchange(transport: transport, retries: RetryPolicy(tries: 1, sleep: retries.sleep))
    }

    struct Answer: Sendable {
        let response: HTTPResponse
        let body: [UInt8]
    }

    func url(_ text: String, _ title: String) throws -> WebURL {
        guard let url = WebURL(text) else { throw GoogleError(title, "'\(text)' is no address of a server") }
        return url
    }

    func decode<Value: Decodable>(_ type: Value.Type, _ request: HTTPRequest, _ title: String) async throws -> Value {
        try Self.decode(type, try await answer(request, title).body, title)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ body: [UInt8], _ title: String) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
            throw GoogleError(title, "the answer is not the JSON that was expected")
        }
    }

    /// One try.
    func exchange(_ request: HTTPRequest) async throws -> Answer {
        let sink = BufferSink(limit: Self.limit)
        return Answer(response: try await transport.exchange(request, into: sink), body: sink.bytes)
    }

    /// - Returns: an answer of success.
    /// - Throws: ``GoogleError``.
    func answer(_ request: HTTPRequest, _ title: String) async throws -> Answer {
        try await retries.retrying { _ in
            do {
                let answer = try await exchange(request)
                if answer.response.isSuccess { return answer }
                let error = GoogleError(title, answer.response, body: answer.body)
                throw FailedTry(error, isTransient: error.isRetryable, answer.response)
            } catch let error as TransportError {
                throw FailedTry(GoogleError(title, request.url.description, error), isTransient: error.isTransient)
            }
        }
    }
}
