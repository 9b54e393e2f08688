internal import Extents
internal import Glibc

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
