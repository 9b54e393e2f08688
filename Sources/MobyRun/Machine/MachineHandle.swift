internal import Extents
internal import Glibc
internal import Synchronization

/// A machine that a program starts and talks to: its console is a pipe, its power button a call. It is ended when the
/// last reference goes.
public final class MachineHandle: Sendable {
    let child: ChildProcess
    let control: QMP
    let reader: ConsoleReader
    private let input: Int32
    private let helpers: [ChildProcess]
    private let registered: RegisteredMachine?
    /// When QEMU was started.
    public let started: ContinuousClock.Instant

    /// Starts a machine.
    /// - Parameter qemu: its `console` is replaced by a pipe.
    /// - Throws: ``RunError`` and `FileError`, as ``QEMU/plan()`` does.
    public convenience init(starting qemu: QEMU) throws {
        var qemu = qemu
        qemu.console = .stream
        try self.init(try qemu.plan())
    }

    /// Carries out a plan; its serial console must be standard input and output.
    init(_ plan: QEMUPlan) throws {
        registered = try RegisteredMachine(plan.registration)
        helpers = try StateFolder.prepare(plan)
        let control = try QMP()
        // Not pipes: other programs that are started at the same time would inherit their ends.
        let (output, outputEnd) = try SocketPair.make(for: "the console")
        let (inputEnd, input) = try SocketPair.make(for: "the console")
        defer {
            close(outputEnd)
            close(inputEnd)
            control.started()
        }
        self.input = input
        self.control = control
        started = ContinuousClock.now
        reader = ConsoleReader(output)
        child = try ChildProcess.start(
            plan.executable, plan.arguments + QMP.arguments,
            handles: [0: inputEnd, 1: outputEnd, 2: outputEnd, QMP.number: control.guestEnd])
        try registered?.started(child.id)
    }

    deinit {
        child.stop()
        helpers.forEach { $0.stop() }
        close(input)
    }

    public var processID: Int32 { child.id }

    /// What other commands know of the machine, for ``AgentClient``.
    public var entry: MachineEntry? { registered?.entry }

    /// Everything that the console has shown so far.
    public var console: String { reader.text }

    /// Waits until the console shows a text.
    /// - Parameter limit: from now.
    /// - Returns: the line that contains it, and the time since the start of QEMU.
    /// - Throws: ``RunError`` with the end of the console's text on timeout, or when QEMU ends first.
    @discardableResult
    public func line(containing text: String, within limit: Duration) throws -> (line: String, time: Duration) {
        let end = ContinuousClock.now + limit
        while true {
            let ended = reader.isAtEnd
            if let found = reader.line(containing: text) { return (found.line, found.arrived - started) }
            if ended {
                throw RunError("the machine ended before its console showed '\(text)'; the console:\n\(reader.tail)")
            }
            guard ContinuousClock.now < end else {
                throw RunError(
                    "the console did not show '\(text)' within \(QEMU.seconds(limit)); the console:\n\(reader.tail)")
            }
            usleep(2000)
        }
    }

    /// Waits until an HTTP server in the guest answers with a status below 400.
    /// - Parameter url: `http://127.0.0.1:PORT/PATH`, a published port.
    public func answer(from url: String, within limit: Duration) throws -> (answer: WebProbe.Answer, time: Duration) {
        guard case .web(let address) = try ReadinessCheck(parsing: url) else {
            throw RunError("'\(PlainText.short(url))' is not a URL")
        }
        let probe = try WebProbe(address)
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, child.poll() == nil {
            if let answer = probe.ask(within: PendingChecks.timeout(after: ContinuousClock.now - started)),
                answer.status < 400
            {
                return (answer, ContinuousClock.now - started)
            }
            usleep(10_000)
        }
        throw RunError(
            "no answer from \(PlainText.short(url)) within \(QEMU.seconds(limit))"
                + (probe.lastFailure.map { " (\($0))" } ?? "") + "; the console:\n\(reader.tail)")
    }

    /// Types on the console.
    /// - Throws: `FileError` when the machine has ended.
    public func type(_ text: String) throws {
        try HostFiles.write(Array(text.utf8), to: input, name: "the machine's console")
    }

    /// Presses the power button; the guest decides how to react.
    public func pressPowerButton() { _ = control.powerDown() }

    /// Waits for QEMU's end.
    /// - Returns: the exit status; 128 and the number for a signal.
    /// - Throws: ``RunError`` when it has not ended within the limit.
    @discardableResult
    public func waitForEnd(within limit: Duration) throws -> Int32 {
        if let status = child.wait(within: limit) { return status }
        throw RunError("QEMU did not end within \(QEMU.seconds(limit)); the console:\n\(reader.tail)")
    }

    /// Ends QEMU without asking the guest.
    public func terminate() { child.stop() }
}
