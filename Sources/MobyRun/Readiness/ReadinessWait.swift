internal import Extents
internal import Glibc
internal import HTTP

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

    /// Why the last request had no answer, for the end of a message; empty when every one had.
    var failure: String {
        let failures = pending.compactMap { if case .web(let probe) = $0.probe { probe.lastFailure } else { nil } }
        return failures.first.map { "; the last attempt: \($0)" } ?? ""
    }

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
            return try console.line(matching: pattern).map { ("\(check) was seen", ": \(PlainText.short($0))") }
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
