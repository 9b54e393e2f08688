public import Cloud
internal import Extents
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

/// Where Google's APIs answer; each can be another server, as `gcloud` allows it.
///
/// Each counts by itself. Over https an API gets a token. Over plain HTTP storage is an emulator, which gets none; the
/// others get one only on loopback, where they also work without.
public struct Endpoints: Sendable, Equatable {
    /// Cloud Storage JSON API, without `/storage/v1`.
    public var storage = "https://storage.googleapis.com"
    /// Compute Engine API with its version.
    public var compute = "https://compute.googleapis.com/compute/v1"
    /// Cloud Resource Manager API with its version, which knows the account's permissions; nil is never asked.
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
            // Another Compute Engine keeps its accounts elsewhere.
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

    /// Whether storage is an emulator, which needs no token.
    public var storageIsEmulated: Bool { storage.hasPrefix("http://") }

    /// The host keys of the serial gateway of a region.
    public func gatewayKeys(in region: String) -> CloudCall {
        CloudCall(
            .open, "fetching the host keys of the serial gateway", "GET", "\(serialPortKeys)/\(region)/\(region).pub")
    }

    private static func origin(_ host: String) -> String { without("", host.contains("://") ? host : "http://\(host)") }

    private static func without(_ suffix: String, _ url: String) -> String {
        let text = url.hasSuffix("/") ? String(url.dropLast()) : url
        return text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text
    }
}

/// Cloud Resource Manager, API v1.
public enum Projects {
    /// Asks which of some permissions the account has in a project; nil without such an API.
    public static func permissions(_ permissions: [String], in project: String, _ endpoints: Endpoints) throws
        -> CloudCall?
    {
        guard let base = endpoints.resourceManager else { return nil }
        return try CloudCall(
            .resourceManager, "checking permissions in project '\(project)'", "POST",
            "\(base)/projects/\(WebURL.percentEncoded(project)):testIamPermissions",
            body: ["permissions": permissions])
    }
}

/// Sends requests, retries what may pass, and reads JSON.
struct JSONExchange: Sendable {
    let transport: any HTTPTransport
    var retries: RetryPolicy
    /// The size limit of an answer, in bytes.
    static let limit: UInt64 = 16 << 20

    /// The same without retries.
    var once: JSONExchange {
        JSONExchange(transport: transport, retries: RetryPolicy(tries: 1, sleep: retries.sleep))
    }

    struct Answer: Sendable {
        let response: HTTPResponse
        let body: [UInt8]
    }

    func url(_ text: String, _ title: String) throws -> WebURL {
        guard let url = WebURL(text) else {
            throw GoogleError(title, "'\(WebURL.shown(text))' is not an http or https URL")
        }
        return url
    }

    func decode<Value: Decodable>(_ type: Value.Type, _ request: HTTPRequest, _ title: String) async throws -> Value {
        try Self.decode(type, try await answer(request, title).body, title)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ body: [UInt8], _ title: String) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
            throw GoogleError(title, "the answer is not the expected JSON")
        }
    }

    /// One try.
    func exchange(_ request: HTTPRequest) async throws -> Answer {
        let sink = BufferSink(limit: Self.limit)
        return Answer(response: try await transport.exchange(request, into: sink), body: sink.bytes)
    }

    /// - Returns: a successful answer.
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
