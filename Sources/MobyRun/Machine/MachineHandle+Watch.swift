/// What a program that tests a machine looks at.
extension MachineHandle {
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

    /// Waits until all output of a QEMU that has ended is read.
    package func drain() {
        let end = ContinuousClock.now + .seconds(5)
        while !reader.isAtEnd, ContinuousClock.now < end { _ = child.wait(within: .milliseconds(5)) }
    }

    /// Hands signals that ask this program to end on to QEMU, until the returned value is stopped.
    package func forwardingSignals() -> SignalForwarding {
        let forwarding = SignalForwarding.start()
        forwarding.forward(to: child.id)
        return forwarding
    }
}
