public import Extents
internal import FoundationEssentials
internal import HTTP

/// A request to a registry that failed: the request, its answer, and what may help.
public struct RegistryError: HintedError, RetriedError, Sendable, CustomStringConvertible {
    /// An error of a registry (distribution-spec, error codes).
    public struct Code: Hashable, Sendable, Decodable {
        public var code: String?
        public var message: String?
    }

    public let method: String
    /// Without user and query.
    public let url: String
    /// Where redirects led, when that is somewhere else.
    public private(set) var redirected: String?
    /// HTTP status; nil when no answer came.
    public private(set) var status: Int?
    public private(set) var codes: [Code] = []
    /// Why no answer came.
    public private(set) var cause: String?
    /// Number of tries.
    public var tries = 1
    /// From the first try to the last, in seconds.
    public var seconds = 0.0
    public let hint: String?
    /// The registry's token server failed, not the registry.
    var isFromTokenServer = false
    /// No answer came, and another try may help.
    private(set) var isTransient = false

    /// - Parameters:
    ///   - named: whether credentials were sent, or a token that was issued for them.
    ///   - secrets: cut out of the answer's text.
    init(_ request: HTTPRequest, _ answer: Redirects.Answer, body: [UInt8], named: Bool, secrets: Secrets) {
        method = request.method
        url = request.url.description
        redirected = answer.url == request.url ? nil : answer.url.description
        status = answer.response.status
        codes = Self.codes(body).map { code in
            Code(code: code.code.map(secrets.cut), message: code.message.map(secrets.cut))
        }
        let isElsewhere = answer.url.origin != request.url.origin
        hint =
            isElsewhere
            ? "'\(request.url.authority)' stores this at \(answer.url.authority); try again later, or ask its administrator"
            : Self.hint(answer.response, request.url, named: named)
    }

    init(_ request: HTTPRequest, _ error: TransportError) {
        method = request.method
        url = request.url.description
        cause = error.description
        hint = Self.hint(error, request.url)
    }

    /// No answer from a token server.
    init(tokenServer request: HTTPRequest, _ error: TransportError) {
        self.init(request, error)
        isFromTokenServer = true
        isTransient = error.isTransient
    }

    init(_ request: HTTPRequest, _ cause: String) {
        self.init(request, TransportError(cause, isTransient: false))
    }

    public var description: String {
        var text = "\(method) \(url): \(redirected.map { "redirected to \($0): " } ?? "")\(cause ?? answer)"
        if tries > 1 { text += "; tried \(tries) times over \(Int(seconds.rounded(.up))) s" }
        return text
    }

    public func after(tries: Int, seconds: Double) -> RegistryError {
        var error = self
        (error.tries, error.seconds) = (tries, seconds)
        return error
    }

    private var answer: String {
        let messages = codes.map {
            [$0.code, $0.message].compactMap { $0.map(PlainText.line) }.joined(separator: ": ")
        }
        return "\(status ?? 0) \(messages.isEmpty ? "(no reason given)" : messages.joined(separator: "; "))"
    }

    private static func codes(_ body: [UInt8]) -> [Code] {
        struct Page: Decodable {
            var errors: [Code]?
            var details: String?
            var message: String?
        }
        if let page = try? JSONDecoder().decode(Page.self, from: Data(body)) {
            if let errors = page.errors, !errors.isEmpty { return Array(errors.prefix(3)) }
            if let text = page.details ?? page.message { return [Code(code: nil, message: text)] }
        }
        let text = String(decoding: body.prefix(1000), as: UTF8.self)
        guard !text.isEmpty, !text.contains("<") else { return [] }
        return [Code(code: nil, message: text)]
    }

    /// What helps when there is no answer, in terms of registries.
    private static func hint(_ error: TransportError, _ url: WebURL) -> String? {
        switch error.trouble {
        case .unreachable, .refused:
            error.isTransient ? error.hint.map { "\($0), or name a mirror with --mirror" } : error.hint
        case .notTLS: "if the registry speaks plain HTTP, name it with --insecure-registry"
        case .notPlain where WebURL.isLoopback(host: url.host):
            "if the registry speaks TLS, name it with --tls-registry \(url.authority)"
        case .notPlain: "if the registry speaks TLS, leave out --insecure-registry"
        case .plainRedirect: "allow its host with --insecure-registry if you trust the network"
        case .clientCertificate: "name a certificate and its key in registries.yml: 'client-certificate', 'client-key'"
        case .certificate where error.hint?.contains("--cert-file or") == true:
            error.hint.map { "\($0), or with 'ca' in registries.yml" }
        case .proxy, .certificate, .other: error.hint
        }
    }

    private static func hint(_ response: HTTPResponse, _ url: WebURL, named: Bool) -> String? {
        switch response.status {
        case 401 where named, 403 where named:
            "the credentials for '\(url.authority)' give no access to this; log in again with 'moby login \(url.authority)'"
        case 401, 403:
            "log in with 'moby login \(url.authority)', if the image is private; then check its name"
        // Go's servers answer so to plain HTTP on a TLS port.
        case 400 where url.scheme == "http" && WebURL.isLoopback(host: url.host):
            "if the registry speaks TLS, name it with --tls-registry \(url.authority)"
        case 404: "check the name and the tag; some registries answer so for private images, which need a login"
        case 429: "log in to raise the limit, name a mirror with --mirror, or build offline from the store"
        case 500...: "the registry has a problem; try again later, or name a mirror with --mirror"
        default: nil
        }
    }
}
