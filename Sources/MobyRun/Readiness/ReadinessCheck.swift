internal import Extents
internal import Glibc
public import HTTP

/// Something that a started machine comes to: an answer, a line, a state.
public enum Awaited: Sendable, Equatable {
    /// An answer to an HTTP request, of any status. Certificates are not checked: a machine under test makes its own.
    case web(WebURL)
    /// A TCP connection that the guest accepts.
    case tcp(host: String, port: UInt16)
    /// A line of the console that matches a regular expression; terminal control sequences are left out.
    case console(String)
    /// PID 1's word that all services run.
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
                throw Awaited.bad(text, "write tcp:PORT or tcp:HOST:PORT")
            }
            self = .tcp(host: host.isEmpty ? "127.0.0.1" : host, port: port)
        } else if text.hasPrefix("console:") {
            let pattern = String(text.dropFirst("console:".count))
            guard !pattern.isEmpty else { throw Awaited.bad(text, "write a regular expression behind 'console:'") }
            do { _ = try Regex(pattern) } catch {
                throw Awaited.bad(text, "the regular expression is not valid: \(PlainText.line("\(error)"))")
            }
            self = .console(pattern)
        } else {
            throw Awaited.bad(text, "write http://127.0.0.1:PORT/PATH, https://…, tcp:PORT, console:REGEX or up")
        }
    }

    private static func bad(_ text: String, _ hint: String) -> RunError {
        RunError("--await: '\(PlainText.short(text))' cannot be waited for", hint: hint)
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

extension Awaited: CustomStringConvertible {
    public var description: String {
        switch self {
        case .web(let url): PlainText.short("\(url)")
        case .tcp(let host, let port): PlainText.short("tcp:\(host):\(port)")
        case .console(let pattern): PlainText.short("console:\(pattern)")
        case .up: "up"
        }
    }
}

/// What a machine is waited for, and what then happens.
public struct Awaiting: Sendable, Equatable {
    public var things: [Awaited]
    /// How long they may take together, from the start of QEMU; the machine is ended after it.
    public var limit: Duration
    /// Whether the machine is powered off once all came; the exit code then says whether it did.
    public var thenPowerOff: Bool

    /// Five minutes: an emulated machine on a busy host needs more than one.
    public static let defaultLimit: Duration = .seconds(300)

    public init(_ things: [Awaited], limit: Duration = defaultLimit, thenPowerOff: Bool = false) {
        self.things = things
        self.limit = limit
        self.thenPowerOff = thenPowerOff
    }

    /// The regular expressions of lines.
    var patterns: [String] {
        things.compactMap { if case .console(let pattern) = $0 { pattern } else { nil } }
    }
}

/// The things that a machine is waited for, and which of them came; used on one thread.
struct AwaitedThings: Sendable {
    private(set) var pending: [(thing: Awaited, probe: Probe)] = []

    /// What came, and more about it; the time is said in between.
    typealias Arrival = (what: String, detail: String)

    /// How a thing is looked for.
    enum Probe: Sendable {
        case web(WebProbe)
        case tcp(TCPProbe)
        case console
    }

    /// - Parameters:
    ///   - ports: TCP ports that QEMU's user network forwards.
    ///   - control: asked about connections to them.
    init(_ things: [Awaited], forwarded ports: [PublishedPort], control: QMP?) throws {
        pending = try things.map { thing in
            switch thing {
            case .web(let url): return (thing, .web(try WebProbe(url)))
            case .tcp(let host, let port):
                let isForwarded = ports.contains { $0.host == port && $0.transport == .tcp } && Awaited.isLocal(host)
                return (thing, .tcp(TCPProbe(host: host, port: port, forwarder: isForwarded ? control : nil)))
            case .console, .up: return (thing, .console)
            }
        }
    }

    /// One attempt for each thing that has not come.
    /// - Returns: what came.
    /// - Throws: ``RunError`` when one cannot come any more.
    mutating func look(after time: Duration, left: Duration, console: ConsoleWatch) throws -> [Arrival] {
        var came: [Arrival] = []
        let patience = min(Self.patience(time), left)
        pending = try pending.filter { thing, probe in
            guard let words = try Self.look(thing, probe, patience, console) else { return true }
            came.append(words)
            return false
        }
        return came
    }

    private static func look(_ thing: Awaited, _ probe: Probe, _ patience: Duration, _ console: ConsoleWatch) throws
        -> Arrival?
    {
        switch (thing, probe) {
        case (_, .web(let probe)):
            return probe.ask(within: patience).map { ("\(thing) answered", ":\n\(PlainText.lines($0.head))") }
        case (_, .tcp(let probe)): return probe.accepts(within: patience) ? ("\(thing) accepted a connection", "") : nil
        case (.console(let pattern), .console):
            return console.line(matching: pattern).map { ("\(thing) came", ": \(PlainText.short($0))") }
        case (_, .console):
            guard let up = console.now.up else { return nil }
            guard up.running == up.all else {
                throw RunError("the machine is up, and \(up.all - up.running) of its \(up.all) services do not run")
            }
            return ("all services (\(up.all)) were running", "")
        }
    }

    /// How long one attempt may take. QEMU accepts connections long before the guest can: what hangs then is dropped
    /// soon, later an answer that is slow gets its time.
    static func patience(_ time: Duration) -> Duration { min(max(.milliseconds(500), time / 16), .seconds(5)) }
}

extension Awaited {
    /// Whether a host is this one.
    static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }
}
