internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// Answers the `service` command.
final class ControlServer {
    private let supervisor: Supervisor
    private let loop: EventLoop
    private let shutdown: (ShutdownKind) -> Void

    init(path: String, supervisor: Supervisor, shutdown: @escaping (ShutdownKind) -> Void) throws(SystemError) {
        self.supervisor = supervisor
        loop = supervisor.environment.loop
        self.shutdown = shutdown
        let socket = try SystemError.check(cinit_listen(path), "listening on", path)
        try loop.watch(file: socket) { [self] _ in
            let file = cinit_accept(socket)
            guard file >= 0 else { return }
            Connection(file: file, loop: loop) { [self] in answer($0, $1) }.start()
        }
    }

    private func answer(_ connection: Connection, _ line: String) {
        guard let request = ControlRequest(line: line) else { return connection.fail("unknown request '\(line)'") }
        switch request {
        case .list: list(connection)
        case .status(let name): with(name, connection) { status($0, connection) }
        case .boot:
            connection.send(Reply.output((supervisor.environment.timeline?.table ?? "").utf8))
            connection.finish(0)
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
            let names = supervisor.services.map { $0.name }.joined(separator: ", ")
            return connection.fail("no service '\(name)'" + (names.isEmpty ? "" : "; services: \(names)"))
        }
        body(service)
    }

    private func list(_ connection: Connection) {
        let rows = supervisor.services.map { $0.row(now: loop.now) }
        connection.send(Reply.output(ServiceTable.text([Service.header] + rows).utf8))
        connection.finish(0)
    }

    /// Its exit status is 0 while the service runs, as systemctl(1) has it.
    private func status(_ service: Service, _ connection: Connection) {
        let blockers = service.state == .queued ? supervisor.blockers(of: service) : []
        let waitsFor = blockers.map { "\($0.name) (\($0.stateName))" }.joined(separator: ", ")
        let text = service.status(
            now: loop.now, waitsFor: waitsFor.isEmpty ? nil : waitsFor, logs: supervisor.environment.logs)
        let lines = service.output?.recentLines(limit: 10) ?? []
        connection.send(Reply.output((text + lines.map { "  | \($0)\n" }.joined()).utf8))
        connection.finish(service.isAlive ? 0 : 3)
    }

    private func start(_ service: Service, _ connection: Connection) {
        if case .running = service.state, service.isReady { return connection.finish(0) }
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
        let blockers = service.state == .queued ? supervisor.blockers(of: service) : []
        guard !blockers.isEmpty else { return }
        let names = blockers.map { "\($0.name) (\($0.stateName))" }.joined(separator: ", ")
        connection.send(Reply.error("service '\(service.name)' waits for \(names)"))
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
            do {
                let text = try LogFile(path).tail(limit: 1 << 20)
                if !text.isEmpty { connection.send(Reply.output(text)) }
            } catch {
                connection.send(Reply.error("\(error)"))
            }
        }
        guard isFollowing else { return connection.finish(0) }
        let key = service.follow { connection.send(Reply.output($0)) }
        connection.onClose = { service.followers[key] = nil }
    }
}

/// A program connected to PID 1.
final class Connection {
    private let file: Int32
    private let loop: EventLoop
    private let handle: (Connection, String) -> Void
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var isAnswered = false
    private(set) var isOpen = true
    /// Called once when it ends.
    var onClose: (() -> Void)?

    /// A follower that does not read loses its connection at this backlog in bytes.
    private static let longestBacklog = 4 << 20

    init(file: Int32, loop: EventLoop, handle: @escaping (Connection, String) -> Void) {
        self.file = file
        self.loop = loop
        self.handle = handle
    }

    /// Waits for the request; the loop keeps the connection from here on.
    func start() { watch(for: .readable) }

    private func watch(for events: EventLoop.Readiness) {
        do { try loop.watch(file: file, for: events) { [self] in ready($0) } } catch { close() }
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        if readiness.contains(.writable) { flush() }
        guard isOpen, !readiness.isDisjoint(with: [.readable, .hungUp]) else { return }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 {
            if count == 0 || errno != EAGAIN { close() }
            return
        }
        guard !isAnswered else { return }
        input.append(contentsOf: buffer[..<count])
        if let newline = input.firstIndex(of: 0x0A) {
            isAnswered = true
            handle(self, String(decoding: input[..<newline], as: UTF8.self))
        } else if input.count > 4096 {
            close()
        }
    }

    func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(contentsOf: bytes)
        if output.count > Self.longestBacklog { return close() }
        flush()
    }

    /// Sends the exit status, which is the last of a reply.
    func finish(_ status: Int32) { send(Reply.exit(status)) }

    func fail(_ text: String) {
        send(Reply.error(text))
        finish(1)
    }

    private func flush() {
        while isOpen && !output.isEmpty {
            let count = Glibc.send(file, output, output.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            if count > 0 {
                output.removeFirst(count)
            } else if errno == EAGAIN {
                return watch(for: [.readable, .writable])
            } else {
                return close()
            }
        }
        if isOpen { watch(for: .readable) }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        loop.forget(file: file)
        Glibc.close(file)
        onClose?()
        onClose = nil
    }
}
