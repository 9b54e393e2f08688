internal import Extents
internal import Glibc
public import HTTP

/// A condition that shows that a started machine is ready: an answer, a line, a state.
public enum ReadinessCheck: Sendable, Equatable {
    /// An answer to an HTTP request, of any status. Certificates are not checked: a machine under test makes its own.
    case web(WebURL)
    /// A TCP connection that the guest accepts.
    case tcp(host: String, port: UInt16)
    /// A line of the console that matches a regular expression; terminal control sequences are left out.
    case console(String)
    /// PID 1 reports that all services run.
    case up

    /// Reads `http://…`, `https://…`, `tcp:[HOST:]PORT`, `console:REGEX` or `up`.
    /// - Throws: ``RunError`` for anything else.
    public init(parsing text: String) throws {
        if text == "up" {
            self = .up
        } else if text.hasPrefix("http://") || text.hasPrefix("https://"), let url = WebURL(text) {
            self = .web(url)
        } else if text.hasPrefix("tcp:") {
            let parts = text.dropFirst(4).split(separator: ":", omittingEmptySubsequences: false)
            let host = parts.dropLast().joined(separator: ":")
            guard let port = parts.last.flatMap({ UInt16($0) }), port > 0, parts.count == 1 || !host.isEmpty else {
                throw ReadinessCheck.bad(text, "write tcp:PORT or tcp:HOST:PORT")
            }
            self = .tcp(host: host.isEmpty ? "127.0.0.1" : host, port: port)
        } else if text.hasPrefix("console:") {
            let pattern = String(text.dropFirst("console:".count))
            guard !pattern.isEmpty else {
                throw ReadinessCheck.bad(text, "write a regular expression after 'console:'")
            }
            do { _ = try Regex(pattern) } catch {
                throw ReadinessCheck.bad(text, "the regular expression is not valid: \(PlainText.line("\(error)"))")
            }
            self = .console(pattern)
        } else {
            throw ReadinessCheck.bad(text, "write http://127.0.0.1:PORT/PATH, https://…, tcp:PORT, console:REGEX or up")
        }
    }

    private static func bad(_ text: String, _ hint: String) -> RunError {
        RunError("--await: '\(PlainText.short(text))' is not a condition to wait for", hint: hint)
    }

    /// The address on this host, when there is one.
    var endpoint: (host: String, port: UInt16)? {
        switch self {
        case .web(let url): UInt16(exactly: url.port).map { (url.host, $0) }
        case .tcp(let host, let port): (host, port)
        case .console, .up: nil
        }
    }
}

extension ReadinessCheck: CustomStringConvertible {
    public var description: String {
        switch self {
        case .web(let url): PlainText.short("\(url)")
        case .tcp(let host, let port): PlainText.short("tcp:\(host):\(port)")
        case .console(let pattern): PlainText.short("console:\(pattern)")
        case .up: "up"
        }
    }
}

extension ReadinessCheck {
    /// Whether a host is this one.
    static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }
}
