internal import Extents
internal import FoundationEssentials
internal import HTTP

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
        var number = 1
        while true {
            var fault: GoogleError
            let pause: Duration?
            do {
                let answer = try await exchange(request)
                if answer.response.isSuccess { return answer }
                fault = GoogleError(title, answer.response, body: answer.body)
                pause = fault.mayPass ? retries.pause(after: number, answer.response) : nil
            } catch let error as TransportError {
                fault = GoogleError(title, request.url.description, error)
                pause = error.isTransient ? retries.pause(after: number, nil) : nil
            }
            guard let pause else {
                fault.tries = number
                throw fault
            }
            try await retries.sleep(pause)
            number += 1
        }
    }
}
