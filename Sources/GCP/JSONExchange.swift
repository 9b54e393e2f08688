internal import Extents
internal import FoundationEssentials
internal import HTTP

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
