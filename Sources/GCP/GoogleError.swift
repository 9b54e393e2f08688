public import Extents
internal import HTTP

/// An API that did not do what it was asked: what was to be done, why not in Google's words, and what may help.
public struct GoogleError: HintedError, Sendable, Equatable, CustomStringConvertible {
    /// What was to be done: `create image 'web'`.
    public let title: String
    /// HTTP status; nil when no answer came.
    public let status: Int?
    /// Google's name for the reason: `quotaExceeded`, `SERVICE_DISABLED`.
    public let reason: String?
    public let message: String
    public let hint: String?
    /// How often it was tried.
    public var tries = 1

    init(_ title: String, status: Int? = nil, reason: String? = nil, _ message: String, hint: String? = nil) {
        self.title = title
        self.status = status
        self.reason = reason.map(PlainText.line)
        self.message = PlainText.line(message)
        self.hint = hint ?? Hints.hint(reason: reason, status: status, message: message)
    }

    /// What an answer with an error says; its body is kept out of sight when it is no error that Google describes.
    init(_ title: String, _ response: HTTPResponse, body: [UInt8]) {
        let said = ErrorBody.read(body)
        self.init(title, status: response.status, reason: said.reason, said.message ?? Self.words(response.status), hint: said.hint)
    }

    init(_ title: String, _ url: String, _ error: TransportError) {
        self.init(title, "\(url): \(error.description)", hint: "check the network and HTTPS_PROXY; certificates come from SSL_CERT_FILE")
    }

    /// Whether the same request may do later. A quota is not waited for.
    var mayPass: Bool {
        guard let status, reason != "quotaExceeded", reason != "QUOTA_EXCEEDED" else { return false }
        return RetryPolicy.isTransient(status) || status == 403 && ["rateLimitExceeded", "userRateLimitExceeded"].contains(reason)
    }

    /// Whether Google has said no: then nothing was begun.
    public var isRefusal: Bool { status.map { (400..<500).contains($0) } ?? false }

    func after(_ tries: Int) -> GoogleError {
        var error = self
        error.tries = tries
        return error
    }

    public var description: String {
        var text = message
        while text.hasSuffix(".") { text.removeLast() }
        let facts = [status.map(String.init), reason].compactMap(\.self).joined(separator: " ")
        return "\(title): \(text)" + (facts.isEmpty ? "" : " (\(facts))") + (tries > 1 ? ", after \(tries) tries" : "")
    }

    private static func words(_ status: Int) -> String {
        switch status {
        case 401: "the credentials are not accepted"
        case 403: "not allowed"
        case 404: "not found"
        case 409: "it is there already"
        case 429: "too many requests"
        case 500...: "Google's server is in trouble"
        default: "no reason was given"
        }
    }
}
