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

/// The conditions that a machine is waited for, and what happens then.
public struct ReadinessWait: Sendable, Equatable {
    public var checks: [ReadinessCheck]
    /// The time limit for all of them, from the start of QEMU; then the machine is ended.
    public var limit: Duration
    /// Whether the machine is powered off once all are true; the exit code then tells whether it did.
    public var thenPowerOff: Bool

    /// Five minutes: an emulated machine on a busy host needs more than one.
    public static let defaultLimit: Duration = .seconds(300)

    public init(_ checks: [ReadinessCheck], limit: Duration = defaultLimit, thenPowerOff: Bool = false) {
        self.checks = checks
        self.limit = limit
        self.thenPowerOff = thenPowerOff
    }

    /// The regular expressions of lines.
    var patterns: [String] {
        checks.compactMap { if case .console(let pattern) = $0 { pattern } else { nil } }
    }
}

/// The conditions that are not true yet; used on one thread.
struct PendingChecks: Sendable {
    private(set) var pending: [(check: ReadinessCheck, probe: Probe)] = []

    /// A condition that became true, and more about it; the time is reported in between.
    typealias Arrival = (what: String, detail: String)

    /// How a condition is checked.
    enum Probe: Sendable {
        case web(WebProbe)
        case tcp(TCPProbe)
        case console
    }

    /// - Parameters:
    ///   - ports: TCP ports that QEMU's user network forwards.
    ///   - control: asked about connections to them.
    init(_ checks: [ReadinessCheck], forwarded ports: [PublishedPort], control: QMP?) throws {
        pending = try checks.map { check in
            switch check {
            case .web(let url): return (check, .web(try WebProbe(url)))
            case .tcp(let host, let port):
                let isForwarded =
                    ports.contains { $0.host == port && $0.transport == .tcp } && ReadinessCheck.isLocal(host)
                return (check, .tcp(TCPProbe(host: host, port: port, forwarder: isForwarded ? control : nil)))
            case .console, .up: return (check, .console)
            }
        }
    }

    /// Checks each pending condition once.
    /// - Returns: those that became true.
    /// - Throws: ``RunError`` when one cannot become true any more.
    mutating func update(after time: Duration, left: Duration, console: ConsoleWatch) throws -> [Arrival] {
        var arrivals: [Arrival] = []
        let timeout = min(Self.timeout(after: time), left)
        pending = try pending.filter { check, probe in
            guard let arrival = try Self.arrival(of: check, probe, timeout, console) else { return true }
            arrivals.append(arrival)
            return false
        }
        return arrivals
    }

    private static func arrival(
        of check: ReadinessCheck, _ probe: Probe, _ timeout: Duration, _ console: ConsoleWatch
    ) throws
        -> Arrival?
    {
        switch (check, probe) {
        case (_, .web(let probe)):
            return probe.ask(within: timeout).map { ("\(check) answered", ":\n\(PlainText.lines($0.head))") }
        case (_, .tcp(let probe)): return probe.accepts(within: timeout) ? ("\(check) accepted a connection", "") : nil
        case (.console(let pattern), .console):
            return console.line(matching: pattern).map { ("\(check) was seen", ": \(PlainText.short($0))") }
        case (_, .console):
            guard let up = console.now.up else { return nil }
            guard up.running == up.all else {
                throw RunError("the machine is up, but \(up.all - up.running) of its \(up.all) services do not run")
            }
            return ("all services (\(up.all)) were running", "")
        }
    }

    /// The time limit of one attempt. QEMU accepts connections long before the guest can: early attempts that hang are
    /// dropped soon, later a slow answer gets its time.
    static func timeout(after time: Duration) -> Duration { min(max(.milliseconds(500), time / 16), .seconds(5)) }
}

extension ReadinessCheck {
    /// Whether a host is this one.
    static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }
}

extension ReadinessWait {
    /// Finds conditions that cannot become true on a machine.
    /// - Throws: ``RunError``: QEMU's user network forwards published ports to the guest, and nothing else.
    func check(_ machine: Machine) throws {
        switch machine.networking {
        case .tap, .bridge: return
        case .user, .none: break
        }
        for (host, port) in checks.compactMap(\.endpoint) {
            let ports = machine.ports.filter { $0.host == port && $0.transport == .tcp }
            if ReadinessCheck.isLocal(host) {
                guard ports.isEmpty else { continue }
                throw RunError(
                    "--await: port \(port) of the host is not published", hint: "publish it: --publish \(port):80")
            }
            guard !ports.contains(where: { [host, "0.0.0.0"].contains($0.address) }) else { continue }
            throw RunError(
                "--await: '\(PlainText.short(host))' is not an address that a port of the guest is published on",
                hint: "wait for a published port: --publish 8080:80 --await http://127.0.0.1:8080/")
        }
    }
}
