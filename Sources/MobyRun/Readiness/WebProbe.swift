internal import Extents
internal import Glibc
package import HTTP
internal import Synchronization

/// Asks a web server whether it answers.
public struct WebProbe: Sendable {
    /// An answer, whatever its status.
    public struct Answer: Sendable, Equatable {
        public let status: Int
        /// Status line and header fields, one to a line, as received.
        public let head: String
        /// At most 64 KiB of it.
        public let body: String
    }

    let url: WebURL
    private let transport: CurlTransport
    private let failure = Failure()

    /// - Throws: ``RunError``, `TransportError`.
    package init(_ url: WebURL) throws {
        self.url = url
        // Later a failure means that the guest does not answer yet.
        try CurlLibrary.load()
        // No proxy is needed to reach the guest.
        transport = try CurlTransport(environment: [:], checksCertificates: false)
    }

    /// Asks once, on the calling thread.
    /// - Returns: nil when there was no answer in time.
    package func ask(within limit: Duration) -> Answer? {
        let sink = AnswerSink()
        var request = HTTPRequest("GET", url, headers: ["User-Agent": "moby", "Connection": "close"])
        request.limit = limit
        // The sink ends an answer that is long enough with an error.
        var response: HTTPResponse?
        do { response = try transport.exchangeAndWait(request, into: sink) } catch {
            if sink.response == nil { failure.text.withLock { $0 = PlainText.line("\(error)") } }
        }
        guard let answer = response ?? sink.response else { return nil }
        let fields = answer.headers.fields.map { "\($0.name): \($0.value)" }
        return Answer(
            status: answer.status, head: ([answer.statusLine] + fields).joined(separator: "\n"),
            body: String(decoding: sink.bytes, as: UTF8.self))
    }

    /// Why the last attempt without an answer had none.
    package var lastFailure: String? { failure.text.withLock(\.self) }

    private final class Failure: Sendable {
        let text = Mutex<String?>(nil)
    }

    private final class AnswerSink: HTTPBodySink, @unchecked Sendable {
        private(set) var response: HTTPResponse?
        private(set) var bytes: [UInt8] = []

        func begin(_ response: HTTPResponse) { self.response = response }

        func receive(_ piece: UnsafeRawBufferPointer) throws {
            bytes += piece.prefix(65536 - bytes.count)
            if bytes.count == 65536 { throw ExtentError.tooLong(length: 65537, limit: 65536) }
        }
    }
}
