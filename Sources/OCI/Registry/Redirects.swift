internal import HTTP

/// Follows redirects itself, for libcurl cannot be told who may see what.
struct Redirects: Sendable {
    let transport: any HTTPTransport
    /// Whether a URL may be asked without TLS.
    let allowsPlain: @Sendable (WebURL) -> Bool

    private static let most = 8

    /// - Returns: the answer, and who gave it.
    func exchange(_ original: HTTPRequest, into sink: any HTTPBodySink) async throws -> (response: HTTPResponse, url: WebURL) {
        var request = original
        for _ in 0...Self.most {
            let response = try await transport.exchange(request, into: sink)
            guard let next = try target(of: response, request) else { return (response, request.url) }
            if next.origin != request.url.origin { request.headers["Authorization"] = nil }
            request.url = next
        }
        throw RegistryError(original, "more than \(Self.most) redirects")
    }

    /// Only reading is redirected: a body is never sent to where an answer points.
    private func target(of response: HTTPResponse, _ request: HTTPRequest) throws -> WebURL? {
        guard [301, 302, 303, 307, 308].contains(response.status), request.method == "GET" || request.method == "HEAD" else { return nil }
        guard let location = response.headers["Location"], let next = request.url.resolving(location) else {
            throw RegistryError(request, "a redirect to nowhere that can be used")
        }
        guard next.scheme == "https" || request.url.scheme == "http" || allowsPlain(next) else {
            throw RegistryError(request, "a redirect to a server without encryption: \(next)")
        }
        return next
    }
}
