/// What is asked of a server.
public struct HTTPRequest: Sendable {
    /// What is sent with a request.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        case file(path: String, size: UInt64)
        /// A part of a file; offset and length in bytes.
        case range(path: String, offset: UInt64, length: UInt64)
    }

    public var method: String
    public var url: WebURL
    public var headers: HTTPHeaders
    public var body: Body
    /// Told of every piece of the body that was handed to the connection, in bytes, from any thread.
    public var sent: (@Sendable (Int) -> Void)?
    /// For the whole exchange; nil is none but those on silence.
    public var limit: Duration?

    public init(_ method: String = "GET", _ url: WebURL, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// Status and header fields of an answer; its body went to an ``HTTPBodySink``.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    /// As it came, e.g. `HTTP/1.1 200 OK`.
    package var statusLine = ""

    public init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}
