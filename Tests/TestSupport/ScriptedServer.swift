internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// An HTTP server in this process, on a free port of loopback, that answers as a test says and keeps what it was asked.
public final class ScriptedServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        /// Path with query.
        public let target: String
        /// Names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]

        public init(method: String = "GET", target: String, headers: [String: String] = [:], body: [UInt8] = []) {
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
        }
    }

    public struct Response: Sendable {
        public var status: Int
        public var headers: [String: String]
        public var body: [UInt8]
        /// `Content-Length`, when it is to lie.
        public var length: Int?
        /// The body is sent again and again until the client hangs up.
        public var isEndless = false
        /// After the body nothing comes and the connection stays open until the client hangs up.
        public var isHeld = false

        /// No answer: the connection is closed.
        public static let hangUp = Response(0)

        public init(_ status: Int = 200, headers: [String: String] = [:], body: [UInt8] = [], length: Int? = nil) {
            self.status = status
            self.headers = headers
            self.body = body
            self.length = length
        }

        public init(_ status: Int = 200, headers: [String: String] = [:], text: String) {
            self.init(status, headers: headers, body: Array(text.utf8))
        }
    }

    /// Host and port.
    public let host: String
    private let listener: Int32
    private let handler: Mutex<@Sendable (Request) -> Response>
    private let asked = Mutex<[Request]>([])

    /// All requests so far, in the order they came.
    public var requests: [Request] { asked.withLock { $0 } }

    public init(_ handler: @escaping @Sendable (Request) -> Response) throws {
        (listener, host) = try LoopbackSocket.listen()
        self.handler = Mutex(handler)
        DispatchQueue(label: "scripted-server").async { [listener, weak self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                DispatchQueue.global().async { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Changes what is answered, e.g. once the port is known.
    public func answer(_ handler: @escaping @Sendable (Request) -> Response) { self.handler.withLock { $0 = handler } }

    private func serve(_ connection: Int32) {
        guard let request = LoopbackSocket.request(from: connection) else { return }
        asked.withLock { $0.append(request) }
        let response = handler.withLock { $0 }(request)
        guard response.status > 0 else { return }
        var head = "HTTP/1.1 \(response.status) Scripted\r\nConnection: close\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        if !response.isEndless { head += "Content-Length: \(response.length ?? response.body.count)\r\n" }
        guard LoopbackSocket.send(Array("\(head)\r\n".utf8), to: connection), request.method != "HEAD" else { return }
        repeat {
            precondition(!response.isEndless || !response.body.isEmpty, "an endless body needs bytes")
            guard LoopbackSocket.send(response.body, to: connection) else { return }
        } while response.isEndless
        if response.isHeld { LoopbackSocket.waitForEnd(of: connection) }
    }
}
