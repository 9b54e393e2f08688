internal import Extents
internal import HTTP

/// Follows redirects itself, for libcurl cannot be told who may see what.
struct Redirects: Sendable {
    /// What was answered, and by whom.
    struct Answer: Sendable {
        var response: HTTPResponse
        /// The last URL that was asked.
        var url: WebURL
    }

    let transport: any HTTPTransport
    /// Whether a URL may be asked without TLS although the one before was asked with it.
    let allowsPlain: @Sendable (WebURL) -> Bool

    private static let most = 8

    func exchange(_ original: HTTPRequest, into sink: any HTTPBodySink) async throws -> Answer {
        var request = original
        for hop in 0...Self.most {
            let response: HTTPResponse
            do { response = try await transport.exchange(request, into: sink) } catch let error as TransportError
                where hop > 0
            {
                throw error.prefixed("redirected to \(request.url)")
            }
            guard let next = try target(of: response, request) else {
                return Answer(response: response, url: request.url)
            }
            if next.origin != request.url.origin { request.headers["Authorization"] = nil }
            request.url = next
        }
        throw RegistryError(original, "more than \(Self.most) redirects")
    }

    /// Only reading is redirected: a body is never sent to where an answer points.
    private func target(of response: HTTPResponse, _ request: HTTPRequest) throws -> WebURL? {
        guard [301, 302, 303, 307, 308].contains(response.status), request.method == "GET" || request.method == "HEAD"
        else { return nil }
        guard let location = response.headers["Location"], let next = request.url.resolving(location) else {
            let named =
                response.headers["Location"].map { "to '\(WebURL.shown($0))', which is not a web address" }
                ?? "to nowhere"
            throw RegistryError(request, "\(response.status) redirects \(named)")
        }
        guard next.scheme == "https" || request.url.scheme == "http" || allowsPlain(next) else {
            throw RegistryError(
                request,
                TransportError(
                    "a redirect to a server without encryption: \(next)", isTransient: false,
                    hint: "name its host with --insecure-registry if that is meant"))
        }
        return next
    }
}
