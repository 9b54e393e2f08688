public import Extents
internal import FoundationEssentials
internal import HTTP

/// A registry that did not do what it was asked: the request, its answer, and what may help.
public struct RegistryError: HintedError, Sendable, CustomStringConvertible {
    /// What a registry says of an error (distribution-spec, error codes).
    public struct Code: Hashable, Sendable, Decodable {
        public var code: String?
        public var message: String?
    }

    public let method: String
    /// Without user and query.
    public let url: String
    /// HTTP status; nil when no answer came.
    public let status: Int?
    public let codes: [Code]
    /// Why no answer came.
    public let cause: String?
    /// How often it was tried.
    public var tries = 1
    /// From the first try to the last, in seconds.
    public var seconds = 0.0
    public let hint: String?
    /// It was not the registry that answered so, but who gives tokens for it.
    var isFromTokenServer = false
    /// No answer came, and trying again may help.
    private(set) var isTransient = false

    /// - Parameter named: whether credentials were sent, or a token that was given for them.
    init(_ request: HTTPRequest, _ response: HTTPResponse, body: [UInt8], named: Bool) {
        method = request.method
        url = request.url.description
        status = response.status
        codes = Self.codes(body)
        cause = nil
        hint = Self.hint(response, request.url, named: named)
    }

    init(_ request: HTTPRequest, _ error: TransportError) {
        method = request.method
        url = request.url.description
        status = nil
        codes = []
        cause = error.description
        hint = error.hint
    }

    /// No answer from who gives tokens.
    init(tokenServer request: HTTPRequest, _ error: TransportError) {
        self.init(request, error)
        isFromTokenServer = true
        isTransient = error.isTransient
    }

    init(_ request: HTTPRequest, _ cause: String) {
        self.init(request, TransportError(cause, isTransient: false))
    }

    public var description: String {
        var text = "\(method) \(url): \(cause ?? answer)"
        if tries > 1 { text += "\n  tried \(tries) times over \(Int(seconds.rounded(.up))) s" }
        if let hint { text += "\n  hint: \(hint)" }
        return text
    }

    private var answer: String {
        let said = codes.map { [$0.code, $0.message].compactMap { $0.map(PlainText.line) }.joined(separator: ": ") }
        return "\(status ?? 0) \(said.isEmpty ? "(no reason given)" : said.joined(separator: "; "))"
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

    private static func hint(_ response: HTTPResponse, _ url: WebURL, named: Bool) -> String? {
        switch response.status {
        case 401 where named, 403 where named:
            "the credentials for '\(url.authority)' do not give access to this; log in anew with 'docker login' or 'skopeo login'"
        case 401, 403:
            "log in with 'docker login \(url.authority)' or 'skopeo login \(url.authority)', if the image is private; then check its name"
        case 404: "check the name and the tag; some registries say this of private images, which need a login"
        case 429: "log in to be allowed more, name a mirror with --mirror, or build offline from the store"
        case 500...: "the registry is in trouble; try again later, or name a mirror with --mirror"
        default: nil
        }
    }
}
