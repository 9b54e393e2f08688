internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// A process that was started for a request of the agent, and whose output goes to a port.
final class AgentCommand {
    private let port: AgentPort
    private let loop: EventLoop
    /// Standard output and standard error.
    private var sources: [(kind: Reply.Kind, reader: Int32)] = []
    private var writers: [Int32] = []
    private var pid: pid_t?
    private var status: Int32?
    private var timer: Int?
    /// Nothing is sent for it any more.
    private(set) var isOver = false
    /// While a launcher runs, its complaints are kept: they tell why the program did not start.
    private var isLaunching = false
    private(set) var complaints: [UInt8] = []
    private let finished: (AgentCommand) -> Void

    /// Output of processes that outlive the command is not waited for longer than this.
    private static let grace: Milliseconds = 200

    /// - Parameter finished: called once, unless it is cancelled.
    init(port: AgentPort, loop: EventLoop, finished: @escaping (AgentCommand) -> Void) throws(SystemError) {
        self.port = port
        self.loop = loop
        self.finished = finished
        for kind in [Reply.Kind.output, .errors] {
            var ends: [Int32] = [-1, -1]
            do { try SystemError.check(cinit_pipe(&ends), "creating a pipe for", "the agent") } catch {
                closeAll()
                throw error
            }
            sources.append((kind, ends[0]))
            writers.append(ends[1])
        }
        port.onSpace = { [self] in resume() }
    }

    /// For the standard output and standard error of what is started.
    var outputs: (Int32, Int32) { (writers[0], writers[1]) }

    // MARK: Starting

    /// Takes over a process that was started with ``outputs``.
    /// - Parameter meaning: the exit status to report for that of the process.
    func run(_ pid: pid_t, meaning: @escaping (ProcessStatus) -> Int32 = AgentCommand.status) {
        isLaunching = false
        self.pid = pid
        closeWriters()
        resume()
        loop.watch(child: pid) { [self] status in
            // What is said of a command that is over would be taken for a part of the next answer.
            if !isOver { ended(meaning(status)) }
        }
    }

    /// Takes over a launcher, such as `runc exec --detach`, that leaves the command running and ends. It is not
    /// cancelled: what it was about to start would be left alone.
    /// - Parameter next: called when it has ended, even for a command that is over.
    func launch(_ pid: pid_t, within limit: Milliseconds, then next: @escaping (ProcessStatus) -> Void) {
        isLaunching = true
        resume()
        let timer = loop.after(limit) { Glibc.kill(-pid, SIGKILL) }
        loop.watch(child: pid) { [self] status in
            loop.cancel(timer: timer)
            drain()
            next(status)
        }
    }

    /// The command runs: what was kept is its output.
    func forwardComplaints() {
        if !complaints.isEmpty { port.send(Reply.chunk(.errors, complaints)) }
        complaints = []
    }

    func kill(after limit: Milliseconds) {
        timer = loop.after(limit) { [self] in
            killAll()
            port.send(Reply.chunk(.problem, "timed out after \(TimeText.seconds(limit))".utf8))
            finish(124)
        }
    }

    /// As shells have it: 128 and the number of a signal.
    static func status(_ status: ProcessStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .killed(let signal): 128 + signal
        case .unknown: 125
        }
    }

    // MARK: Output

    private func resume() {
        guard !isOver else { return }
        for source in sources {
            do {
                try loop.watch(file: source.reader) { [self] _ in read(source.kind, source.reader) }
            } catch {
                close(source.reader)
                sources.removeAll { $0.reader == source.reader }
            }
        }
    }

    private func pause() { for source in sources { loop.forget(file: source.reader) } }

    /// - Returns: whether there may be more.
    @discardableResult
    private func read(_ kind: Reply.Kind, _ reader: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = Glibc.read(reader, &buffer, buffer.count)
        if count > 0 {
            take(kind, buffer[..<count])
            return true
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return false }
        loop.forget(file: reader)
        close(reader)
        sources.removeAll { $0.reader == reader }
        if sources.isEmpty, let status { finish(status) }
        return false
    }

    private func take(_ kind: Reply.Kind, _ bytes: ArraySlice<UInt8>) {
        if isLaunching, kind == .errors {
            complaints += bytes.prefix(AgentPort.fullBacklog - complaints.count)
        } else {
            port.send(Reply.chunk(kind, bytes))
        }
        if port.isFull { pause() }
    }

    /// Reads what was written so far, as far as the port takes it.
    private func drain() {
        for source in sources { while !isOver, !port.isFull, read(source.kind, source.reader) {} }
    }

    // MARK: The end

    private func ended(_ status: Int32) {
        pid = nil
        self.status = status
        drain()
        if sources.isEmpty { finish(status) } else { waitForOutput() }
    }

    /// A daemon may keep the pipes open.
    private func waitForOutput() {
        loop.after(Self.grace) { [self] in
            guard !isOver, let status else { return }
            drain()
            if port.isFull { waitForOutput() } else { finish(status) }
        }
    }

    func fail(_ text: String, _ status: Int32) {
        guard !isOver else { return }
        killAll()
        port.send(Reply.chunk(.problem, text.utf8))
        finish(status)
    }

    private func finish(_ status: Int32) {
        guard !isOver else { return }
        close()
        port.send(Reply.exit(status))
        finished(self)
    }

    /// Ends the process; nothing is sent any more.
    func cancel() {
        guard !isOver else { return }
        killAll()
        close()
    }

    private func killAll() {
        guard let pid else { return }
        // It leads a group, unless it is a helper of PID 1's.
        if Glibc.kill(-pid, SIGKILL) != 0 { Glibc.kill(pid, SIGKILL) }
    }

    private func close() {
        isOver = true
        if let timer { loop.cancel(timer: timer) }
        port.onSpace = nil
        closeAll()
    }

    private func closeWriters() {
        for writer in writers { Glibc.close(writer) }
        writers = []
    }

    private func closeAll() {
        pause()
        for source in sources { Glibc.close(source.reader) }
        sources = []
        closeWriters()
    }

    private func close(_ file: Int32) { Glibc.close(file) }
}
