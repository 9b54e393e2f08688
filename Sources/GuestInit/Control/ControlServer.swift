internal import CInit
internal import Glibc

/// Answers the `service` command.
final class ControlServer {
    private let supervisor: Supervisor
    private let loop: EventLoop
    private let shutdown: (ShutdownKind) -> Void
    private var followers: [String: [Connection]] = [:]

    init(path: String, supervisor: Supervisor, shutdown: @escaping (ShutdownKind) -> Void) throws(SystemError) {
        self.supervisor = supervisor
        loop = supervisor.environment.loop
        self.shutdown = shutdown
        let socket = try SystemError.check(cinit_listen(path), "listen", path)
        loop.watch(file: socket) { [self] _ in
            let file = cinit_accept(socket)
            guard file >= 0 else { return }
            _ = Connection(file: file, loop: loop) { [self] in answer($0, $1) }
        }
    }

    private func answer(_ connection: Connection, _ line: String) {
        guard let request = ControlRequest(line: line) else { return connection.fail("unknown request '\(line)'") }
        switch request {
        case .list: list(connection)
        case .start(let name): with(name, connection) { start($0, connection) }
        case .stop(let name): with(name, connection) { service in stop(service, connection) { connection.finish(0) } }
        case .restart(let name):
            with(name, connection) { service in stop(service, connection) { [self] in start(service, connection) } }
        case .logs(let name, let isFollowing): with(name, connection) { logs($0, isFollowing, connection) }
        case .shutdown(let kind):
            connection.finish(0)
            shutdown(kind)
        }
    }

    private func with(_ name: String, _ connection: Connection, _ body: (Service) -> Void) {
        guard let service = supervisor[name] else {
            let names = supervisor.services.map(\.name).joined(separator: ", ")
            return connection.fail("there is no service '\(name)'" + (names.isEmpty ? "" : "; there are: \(names)"))
        }
        body(service)
    }

    private func list(_ connection: Connection) {
        let header = ["NAME", "STATE", "PID", "FOR", "RESTARTS", "LAST END"]
        let rows = supervisor.services.map { $0.row(now: loop.now) }
        connection.send(Reply.output(TextTable.text([header] + rows).utf8))
        connection.finish(0)
    }

    private func start(_ service: Service, _ connection: Connection) {
        if case .running = service.state { return connection.finish(0) }
        service.rule.reset()
        service.streak.end()
        service.onStarted.append { isRunning in
            if isRunning {
                connection.finish(0)
            } else {
                connection.fail("service '\(service.name)': \(service.lastOutcome?.text ?? "did not start")")
            }
        }
        supervisor.start(service)
    }

    private func stop(_ service: Service, _ connection: Connection, then next: @escaping () -> Void) {
        guard service.isAlive else {
            supervisor.stop(service)
            return next()
        }
        service.onStopped.append(next)
        supervisor.stop(service)
    }

    private func logs(_ service: Service, _ isFollowing: Bool, _ connection: Connection) {
        let prefix = supervisor.environment.logs + "/" + service.name
        for path in [prefix + ".out.log", prefix + ".log"] {
            let text = LogFile(path).tail(limit: 1 << 20)
            if !text.isEmpty { connection.send(Reply.output(text)) }
        }
        guard isFollowing else { return connection.finish(0) }
        followers[service.name, default: []].append(connection)
        connection.onClose = { [self] in followers[service.name]?.removeAll { $0 === connection } }
        service.follower = { [self] bytes in
            for follower in followers[service.name] ?? [] { follower.send(Reply.output(bytes)) }
        }
    }
}
