public import Extents

/// No answer: the connection, the name, the certificate, or time.
public struct TransportError: HintedError, Sendable, CustomStringConvertible {
    /// Why there was no answer, as far as the hint depends on it.
    public enum Trouble: Sendable {
        /// Nothing listens on the port.
        case refused
        /// The name, the network or time.
        case unreachable
        case proxy
        /// The server's certificate is not trusted.
        case certificate
        /// The server demands a client's certificate, or the one it got does not do.
        case clientCertificate
        /// The other side does not speak TLS.
        case notTLS
        /// The other side does not speak plain HTTP.
        case notPlain
        /// A redirect leads from HTTPS to plain HTTP.
        case plainRedirect
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

    /// The same with where it happened.
    package func prefixed(_ text: String) -> TransportError {
        TransportError("\(text): \(description)", isTransient: isTransient, hint: hint, trouble: trouble)
    }
}
