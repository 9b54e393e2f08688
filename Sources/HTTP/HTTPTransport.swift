/// Exchanges one request for one answer: no redirects, no retries, no authentication.
public protocol HTTPTransport: Sendable {
    /// - Throws: ``TransportError`` when there is no whole answer; whatever the sink throws.
    func exchange(_ request: HTTPRequest, into sink: any HTTPBodySink) async throws -> HTTPResponse
}

/// Where the body of an answer goes. Calls come one after another, from any thread.
public protocol HTTPBodySink: AnyObject, Sendable {
    /// Comes once, before any byte.
    func begin(_ response: HTTPResponse) throws
    /// Takes the next bytes, which are valid only during the call.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
}

/// No answer: the connection, the name, the certificate, or time.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// What kept the answer away, as far as it decides what helps.
    public enum Trouble: Sendable {
        /// A port that nothing listens on.
        case refused
        /// The name, the network or the time.
        case unreachable
        case proxy
        /// The server's certificate is not trusted.
        case certificate
        /// The other side does not speak TLS.
        case notTLS
        /// The other side does not speak plain HTTP.
        case notPlain
        case other
    }

    public let description: String
    /// Whether trying again may help.
    public let isTransient: Bool
    public let hint: String?
    public let trouble: Trouble

    public init(_ description: String, isTransient: Bool, hint: String? = nil, trouble: Trouble = .other) {
        self.description = description
        self.isTransient = isTransient
        self.hint = hint
        self.trouble = trouble
    }

    /// The same with a word on where it happened.
    package func prefixed(_ text: String) -> TransportError {
        TransportError("\(text): \(description)", isTransient: isTransient, hint: hint, trouble: trouble)
    }
}
