/// Follows redirects itself, since libcurl cannot decide by origin: `Authorization` goes to no other origin
/// (RFC 9110, section 15.4).
package struct Redirects: Sendable {
    /// An answer that is not a redirect, and who gave it.
    package struct Answer: Sendable {
        package var response: HTTPResponse
        /// The last URL that was requested.
        package var url: WebURL
    }

    private let transport: any HTTPTransport
    /// Whether a redirect from HTTPS may lead to this URL of plain HTTP.
    package let allowsPlain: @Sendable (WebURL) -> Bool

    /// As many as Go's and Python's clients follow; more are a loop.
    private static let most = 10

    package init(
        transport: any HTTPTransport, allowsPlain: @escaping @Sendable (WebURL) -> Bool = { _ in false }
    ) {
        (self.transport, self.allowsPlain) = (transport, allowsPlain)
    }

    /// - Throws: `TransportError`, which names the URL where that is not the one of the request.
    package func exchange(_ original: HTTPRequest, into sink: any HTTPBodySink) async throws -> Answer {
        var request = original
        for hop in 0...Self.most {
            let target: WebURL?
            let response: HTTPResponse
            do {
                response = try await transport.exchange(request, into: sink)
                target = try self.target(of: response, request)
            } catch let error as TransportError where hop > 0 {
                throw error.prefixed("redirected to \(request.url)")
            }
            guard let target else { return Answer(response: response, url: request.url) }
            if target.origin != request.url.origin { request.headers["Authorization"] = nil }
            request.url = target
        }
        throw TransportError("more than \(Self.most) redirects", isTransient: false)
    }

    /// Only reading is redirected: a body is never sent to where an answer points.
    private func target(of response: HTTPResponse, _ request: HTTPRequest) throws -> WebURL? {
        guard [301, 302, 303, 307, 308].contains(response.status), request.method == "GET" || request.method == "HEAD"
        else { return nil }
        guard let location = response.headers["Location"] else {
            throw TransportError("status \(response.status) without a 'Location'", isTransient: false)
        }
        guard let target = request.url.resolving(location) else {
            throw TransportError(
                "status \(response.status) redirects to '\(WebURL.shown(location))', which is not a web address",
                isTransient: false)
        }
        guard target.scheme == "https" || request.url.scheme == "http" || allowsPlain(target) else {
            throw TransportError(
                "redirect to \(target), which is not encrypted", isTransient: false, trouble: .plainRedirect)
        }
        return target
    }
}
