/// A request to a server.
public struct HTTPRequest: Sendable {
    /// The body of a request.
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
    /// Called with the size in bytes of every piece of the body that the connection took, from any thread.
    public var sent: (@Sendable (Int) -> Void)?
    /// Time limit of the whole exchange; nil leaves only the limits on silence.
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

/// Header fields in the order they were sent; names are compared without regard to case (RFC 9110, section 5.1).
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first field of a name; setting replaces all of that name.
    public subscript(name: String) -> String? {
        get { values(name).first }
        set {
            fields.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { add(name, newValue) }
        }
    }

    /// All fields of a name.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }
}

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
