public import BootLayout
internal import Extents
internal import FoundationEssentials
internal import Glibc

/// Talks to PID 1 of a machine on this host: runs programs in it, asks for its services, logs and files, ends it.
///
/// ```
/// let machine = try MachineRegistry(environment: environment).machine("web")   // or MachineHandle.entry
/// let agent = try AgentClient(machine, within: .seconds(60))                   // waits for PID 1 to listen
/// let result = try agent.exec(AgentRequest.Command(["nginx", "-t"], service: "nginx"))
/// result.status, result.output, result.errors, result.problem
/// try agent.state().services.first?.state                                      // "running"
/// try agent.readFile("/etc/hostname", service: nil)
/// try agent.end(.powerOff)
/// ```
///
/// Calls block their thread. A client has one port of the machine for itself until it is released, and a machine has
/// four of them. The machine must have been started with the agent's ports (``Machine/agent``, or `moby.agent` on a
/// kernel command line that `moby run` knows).
public final class AgentClient {
    private let socket: Int32
    private let lock: Int32
    private let name: String
    private var received: [UInt8] = []

    /// PID 1 sends something every 5 s while it works; a stalled host may be late.
    private static let silence: Duration = .seconds(60)

    /// What became of a program.
    public struct Result: Sendable, Equatable {
        /// Its exit status; 128 and the number of the signal that ended it; 124 when it took too long, 125 when it
        /// could not be started, 126 when it cannot be executed, 127 when it does not exist.
        public var status: Int32
        /// Why PID 1 did not run it to its end.
        public var problem: String?
        public var output: [UInt8] = []
        public var errors: [UInt8] = []
    }

    /// Which output of a program bytes belong to.
    public enum Stream: Sendable { case output, errors }

    /// Connects to the agent.
    /// - Parameter limit: how long PID 1 may take to answer; a machine that is still booting does not listen yet.
    /// - Throws: ``AgentError``.
    public init(_ machine: MachineEntry, within limit: Duration = .seconds(10)) throws {
        name = PlainText.short(machine.name)
        guard machine.hasAgent else {
            throw AgentError(
                "machine '\(name)' has no agent",
                hint: "start it with 'moby run --agent', or add 'moby.agent' to kernel.cmdline")
        }
        let end = ContinuousClock.now + limit
        let sockets = MachineSockets(folder: machine.folder)
        guard let lock = try Self.freePort(sockets, until: end) else {
            throw AgentError(
                "all \(MachineSockets.agentPorts) ports of the agent of '\(name)' were in use for \(limit.components.seconds) s",
                hint: "end one of the 'moby exec' or 'moby logs -f' that use it")
        }
        do { socket = try Self.connect(sockets.agent(lock.number), name) } catch {
            close(lock.file)
            throw error
        }
        self.lock = lock.file
        try greet(until: max(end, .now + .seconds(2)), limit)
    }

    deinit {
        close(socket)
        close(lock)
    }

    // MARK: Requests

    /// Runs a program to its end.
    /// - Parameter take: gets what it writes, as it comes; without it, the result has all of it, at most 64 MiB of
    ///   each.
    /// - Throws: ``AgentError`` when PID 1 does not answer, and what `take` throws.
    public func exec(_ command: AgentRequest.Command, take: ((Stream, [UInt8]) throws -> Void)? = nil) throws -> Result
    {
        var result = Result(status: 0)
        let (status, problem) = try ask(.exec(command)) { stream, bytes in
            if let take { return try take(stream, bytes) }
            switch stream {
            case .output: result.output += bytes.prefix(Self.largestOutput - result.output.count)
            case .errors: result.errors += bytes.prefix(Self.largestOutput - result.errors.count)
            }
        }
        (result.status, result.problem) = (status, problem)
        return result
    }

    /// The state of the machine and its services.
    public func state() throws -> MachineState {
        let text = try contents(.services)
        do { return try MachineState(parsing: text) } catch {
            throw AgentError("the agent of '\(name)' sent no state: \(error)")
        }
    }

    /// Waits while the machine boots, until a service runs. For a machine that is up this does nothing, and neither for
    /// a service that failed: what is asked next reports why.
    public func wait(for service: String, within limit: Duration) throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let state = try state()
            guard let found = state.services.first(where: { $0.name == service }), !state.isUp else { return }
            if ["running", "failed"].contains(found.state) { return }
            usleep(100_000)
        }
    }

    /// The log of a service or an onboot container: standard output, then standard error; following, both as they come,
    /// until `take` throws.
    /// - Parameter lines: the most lines of each.
    public func logs(
        _ service: String, lines: Int? = nil, isFollowing: Bool = false, take: (Stream, [UInt8]) throws -> Void
    ) throws {
        try check(ask(.logs(service, lines: lines, isFollowing: isFollowing), take: take))
    }

    /// The bytes of a regular file, as a service sees it or in PID 1's root.
    /// - Parameter limit: bytes after which reading ends.
    public func readFile(_ path: String, service: String? = nil, limit: Int = 16 << 20) throws -> [UInt8] {
        try contents(.readFile(path, service: service, limit: limit))
    }

    private static let largestOutput = 64 << 20

    private func contents(_ request: AgentRequest) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try check(ask(request) { _, more in bytes += more.prefix(AgentRequest.largestFile - bytes.count) })
        return bytes
    }

    private func check(_ answer: (status: Int32, problem: String?)) throws {
        if answer.status != 0 { throw AgentError(answer.problem ?? "the agent of '\(name)' refused") }
    }

    // MARK: The conversation

    private func ask(_ request: AgentRequest, take: (Stream, [UInt8]) throws -> Void) throws -> (Int32, String?) {
        guard request.line.count <= AgentRequest.longestLine else {
            throw AgentError("the command is longer than \(AgentRequest.longestLine >> 10) KiB")
        }
        try send(request.line)
        var problem: String?
        while true {
            for chunk in try chunks() {
                switch chunk.kind {
                case .output: try take(.output, chunk.bytes)
                case .errors: try take(.errors, chunk.bytes)
                case .problem: problem = PlainText.line(chunk.text)
                case .exit: return (chunk.status, problem)
                case .alive: break
                case .hello: throw AgentError("machine '\(name)' restarted")
                }
            }
            guard try receive(until: ContinuousClock.now + Self.silence) else {
                throw AgentError("the agent of '\(name)' has been silent for \(Self.silence.components.seconds) s")
            }
        }
    }

    private func chunks() throws -> [Reply.Chunk] {
        do { return try Reply.take(from: &received) } catch {
            throw AgentError("the agent of '\(name)' sent something that is not an answer")
        }
    }

    /// Begins a conversation. What arrives at a port while PID 1 learns that its last client is gone is lost, so the
    /// greeting is repeated, at growing intervals, each time with a text of its own: only the last one counts.
    private func greet(until end: ContinuousClock.Instant, _ limit: Duration) throws {
        var pause: Duration = .milliseconds(250)
        while true {
            let text = (0..<32).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
            // An earlier client may have left the beginning of a line.
            try send([0x0A] + AgentRequest.hello(text).line)
            if try wait(for: Reply.chunk(.hello, text.utf8), until: min(end, .now + pause)) { return }
            guard ContinuousClock.now < end else {
                throw AgentError(
                    "the agent of '\(name)' did not answer within \(limit.components.seconds) s",
                    hint:
                        "the machine may still be booting; the agent also needs 'moby.agent' on the kernel command line"
                )
            }
            pause = min(pause * 2, .seconds(8))
        }
    }

    /// Ignores what PID 1 sent to an earlier client.
    /// - Returns: false when the time is over.
    private func wait(for hello: [UInt8], until end: ContinuousClock.Instant) throws -> Bool {
        while true {
            if let found = received.firstRange(of: hello) {
                received.removeFirst(found.upperBound)
                return true
            }
            if received.count > 1 << 20 { received.removeFirst(received.count - hello.count) }
            guard try receive(until: end) else { return false }
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ended }
            rest = rest.dropFirst(count)
        }
    }

    /// - Returns: false when the time is over.
    private func receive(until end: ContinuousClock.Instant) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else { return false }
            var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, Int32(clamping: Int(left / .milliseconds(1)) + 1)) > 0 else { continue }
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ended }
            received += buffer[..<count]
            return true
        }
    }

    private var ended: AgentError { AgentError("machine '\(name)' ended", isEndOfMachine: true) }

    /// Takes a port that no other client has.
    private static func freePort(_ sockets: MachineSockets, until end: ContinuousClock.Instant) throws -> (
        number: Int, file: Int32
    )? {
        repeat {
            for number in 0..<MachineSockets.agentPorts {
                let path = sockets.agent(number) + ".lock"
                let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
                guard file >= 0 else { throw FileError("open", path) }
                if flock(file, LOCK_EX | LOCK_NB) == 0 { return (number, file) }
                close(file)
            }
            usleep(50_000)
        } while ContinuousClock.now < end
        return nil
    }

    private static func connect(_ path: String, _ name: String) throws -> Int32 {
        guard let socket = UnixSocket.connect(path) else {
            throw AgentError("connecting to the agent of '\(name)': \(FileError.text().lowercased())")
        }
        return socket
    }
}
