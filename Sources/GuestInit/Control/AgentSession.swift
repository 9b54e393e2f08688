internal import BootLayout
internal import Glibc
internal import GuestSystem
internal import JSON

/// The conversation on one port.
final class AgentSession {
    let supervisor: Supervisor
    private let isUp: () -> Bool
    private let shutdown: (ShutdownKind) -> Void
    let port: AgentPort
    /// Its number tells the ports apart.
    let file: Int32
    private var command: AgentCommand?
    var following: (service: Service, key: Int)?
    /// Bytes of a followed log that the host was too slow for.
    var skipped = 0
    /// Programs started so far.
    var commands = 0

    /// False once the port is gone.
    var isOpen: Bool { port.isOpen }

    var environment: ContainerEnvironment { supervisor.environment }
    var loop: EventLoop { supervisor.environment.loop }

    init(
        file: Int32, supervisor: Supervisor, isUp: @escaping () -> Bool, shutdown: @escaping (ShutdownKind) -> Void
    ) throws(SystemError) {
        self.file = file
        self.supervisor = supervisor
        self.isUp = isUp
        self.shutdown = shutdown
        var handler: (AgentPort, [UInt8]) -> Void = { _, _ in }
        port = try AgentPort(file: file, loop: supervisor.environment.loop) { handler($0, $1) }
        handler = { [self] _, line in answer(line) }
        port.onHangUp = { [self] in end() }
        // A client that waits for an answer of the last boot learns that this is another one.
        port.onConnect = { [self] in port.send(Reply.chunk(.hello, [])) }
    }

    /// Ends what was asked for.
    private func end() {
        command?.cancel()
        command = nil
        if let following { following.service.followers[following.key] = nil }
        following = nil
        skipped = 0
    }

    private func answer(_ line: [UInt8]) {
        let request: AgentRequest
        do { request = try AgentRequest(parsing: line) } catch { return fail("\(error)", 125) }
        if case .hello(let text) = request {
            end()
            port.discard()
            return port.send(Reply.chunk(.hello, text.utf8))
        }
        guard command == nil, following == nil else { return fail("the last request is not answered yet", 125) }
        switch request {
        case .hello: break
        case .exec(let command): run(command)
        case .services: sendState()
        case .logs(let name, let lines, let isFollowing): sendLogs(name, lines, isFollowing)
        case .readFile(let path, let service, let limit): sendFile(path, service, limit)
        case .powerOff: end(.poweroff)
        case .reboot: end(.reboot)
        }
    }

    func fail(_ text: String, _ status: Int32) {
        port.send(Reply.chunk(.problem, text.utf8) + Reply.exit(status))
    }

    private func end(_ kind: ShutdownKind) {
        port.send(Reply.exit(0))
        shutdown(kind)
    }

    private func sendState() {
        let state = MachineState(
            isUp: isUp(), uptime: Int(loop.now), services: supervisor.services.map { $0.report(now: loop.now) })
        port.send(Reply.output(state.jsonValue.text(indent: 0).utf8) + Reply.exit(0))
    }

    /// The first process of a service that runs; otherwise the answer says why there is none.
    func process(of name: String) -> (Service, pid_t)? {
        guard let service = supervisor[name] else {
            let names = supervisor.services.map { $0.name }.joined(separator: ", ")
            fail("no service '\(name)'" + (names.isEmpty ? "" : "; services: \(names)"), 125)
            return nil
        }
        guard case .running(let pid) = service.state else {
            fail("service '\(name)' is not running (\(service.stateName))", 125)
            return nil
        }
        return (service, pid)
    }

    private func showLife(of command: AgentCommand) {
        loop.after(Agent.heartbeat) { [self] in
            guard self.command === command else { return }
            if port.isIdle { port.send(Reply.chunk(.alive, [])) }
            showLife(of: command)
        }
    }

    func begin() throws(SystemError) -> AgentCommand {
        let command = try AgentCommand(port: port, loop: loop) { [self] ended in
            if self.command === ended { self.command = nil }
        }
        self.command = command
        showLife(of: command)
        return command
    }
}
