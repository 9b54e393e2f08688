internal import Glibc

/// The least of HTTP: one GET to a numeric address, for finding out whether a machine serves.
public struct HTTPProbe: Sendable, Equatable {
    public let address: String
    public let port: UInt16
    public let path: String

    /// Reads `http://ADDRESS[:PORT][/PATH]`, where the address is IPv4 or `localhost`.
    /// - Throws: ``RunError`` for other URLs.
    public init(parsing url: String) throws {
        let scheme = "http://"
        guard url.hasPrefix(scheme) else { throw HTTPProbe.bad(url) }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var binary = in_addr()
        let host = parts[0] == "localhost" ? "127.0.0.1" : parts[0]
        guard parts.count <= 2, inet_pton(AF_INET, host, &binary) == 1, let port = UInt16(parts.count == 2 ? parts[1] : "80") else {
            throw HTTPProbe.bad(url)
        }
        self.address = host
        self.port = port
        self.path = rest.count == authority.count ? "/" : String(rest[authority.endIndex...])
    }

    private static func bad(_ url: String) -> RunError {
        RunError("'\(url)' cannot be waited for", hint: "write http://127.0.0.1:PORT/PATH")
    }

    /// An answer's status line and headers.
    public struct Answer: Sendable, Equatable {
        public let status: Int
        /// Status line and headers, without the empty line.
        public let head: String
        public let body: String
    }

    /// Asks once.
    /// - Parameter limit: for the whole exchange.
    /// - Returns: the answer, or nothing when there was none.
    public func get(within limit: Duration = .seconds(2)) -> Answer? {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return nil }
        defer { close(handle) }
        let parts = limit.components
        var time = timeval(tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        guard connect(handle) else { return nil }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(address):\(port)\r\nUser-Agent: moby\r\nConnection: close\r\n\r\n".utf8)
        guard Glibc.send(handle, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        return HTTPProbe.parse(receive(handle, until: ContinuousClock.now + limit))
    }

    private func connect(_ handle: Int32) -> Bool {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &target.sin_addr)
        return withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private func receive(_ handle: Int32, until end: ContinuousClock.Instant) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while ContinuousClock.now < end, all.count < 1 << 20 {
            let count = recv(handle, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            all += buffer[..<count]
        }
        return all
    }

    static func parse(_ bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        // A carriage return and a line feed are one Character.
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        guard let end = lines.firstIndex(of: ""), let first = lines.first, first.hasPrefix("HTTP/1.") else { return nil }
        let words = first.split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let head = lines[..<end].joined(separator: "\n")
        return Answer(status: status, head: head, body: lines[(end + 1)...].joined(separator: "\r\n"))
    }
}
