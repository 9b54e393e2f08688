internal import Extents
internal import Glibc

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

    /// What other commands know of the machine, for ``AgentClient``.
    public var entry: MachineEntry? { registered?.entry }

    /// Everything that the console has shown so far.
    public var console: String { reader.text }

    /// Types on the console.
    /// - Throws: `FileError` when the machine has ended.
    public func type(_ text: String) throws {
        try HostFiles.write(Array(text.utf8), to: input, name: "the machine's console")
    }

    /// Presses the power button; the guest decides how to react.
    public func pressPowerButton() { _ = control.powerDown() }

    /// Ends QEMU without asking the guest.
    public func terminate() { child.stop() }
}

/// What a program that tests a machine looks at.
extension MachineHandle {
    package var processID: Int32 { child.id }

    /// The exit status of QEMU, once it has ended.
    package var exitStatus: Int32? { child.poll() }

    /// Services that ran when the boot was complete, all there are, and the time since the start of QEMU.
    package var up: (running: Int, all: Int, time: Duration)? {
        reader.up.map { ($0.running, $0.all, $0.time - started) }
    }

    /// How the guest ended, or is about to: from PID 1's last line, or a panic; nil while it runs.
    package var ending: GuestEnding? {
        let state = reader.state
        if let panic = state.panic, state.isPanicCertain(at: .now) || child.poll() != nil { return .panic(panic) }
        return state.ending
    }

    /// Whether PID 1 has begun to stop everything.
    package var isEnding: Bool { reader.state.isEnding }

    /// The lines of the console from a number on, the number of the next line, and the one that has no end yet; without
    /// terminal control sequences.
    package func lines(from start: Int) -> (ended: [String], next: Int, open: String) { reader.lines(from: start) }

    /// How long one attempt to reach the guest may take: at first little, since QEMU accepts connections long before
    /// the guest does.
    package var attemptLimit: Duration { PendingChecks.timeout(after: ContinuousClock.now - started) }

    /// Whether a TCP port of the guest accepts a connection now.
    package func accepts(_ port: PublishedPort, within limit: Duration) -> Bool {
        TCPProbe(host: port.address, port: port.host, forwarder: control).accepts(within: limit)
    }

    /// Whether everything that a QEMU that has ended wrote is read.
    package var isConsoleClosed: Bool { reader.isAtEnd }

    /// Waits until all output of a QEMU that has ended is read.
    package func drain() {
        let end = ContinuousClock.now + .seconds(5)
        while !isConsoleClosed, ContinuousClock.now < end { _ = child.wait(within: .milliseconds(5)) }
    }

    /// Hands signals that ask this program to end on to QEMU, until the returned value is stopped.
    package func forwardingSignals() -> SignalForwarding {
        let forwarding = SignalForwarding.start()
        forwarding.forward(to: child.id)
        return forwarding
    }
}
