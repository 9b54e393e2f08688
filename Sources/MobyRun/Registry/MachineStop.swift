internal import Extents
internal import Glibc

/// Ends a machine that another program started.
public struct MachineStop: Sendable {
    private let machine: MachineEntry
    private let report: @Sendable (String) -> Void

    public init(_ machine: MachineEntry, report: @escaping @Sendable (String) -> Void) {
        self.machine = machine
        self.report = report
    }

    private var name: String { "'\(PlainText.short(machine.name))'" }

    /// A guest that is still starting may not listen to the button yet; one that does takes a second press for a
    /// request to hurry.
    private static let pause: Duration = .seconds(10)

    /// Presses the power button, and ends the machine when that had no effect.
    /// - Returns: whether the guest powered off.
    public func powerOff(within limit: Duration) throws -> Bool {
        let start = ContinuousClock.now
        report("pressed the power button of \(name)")
        var pressed: ContinuousClock.Instant?
        while ContinuousClock.now - start < limit {
            if pressed.map({ ContinuousClock.now - $0 >= Self.pause }) ?? true, try !isEnding() {
                let control = QMP(connecting: machine.controlSocket)
                if control?.pressPowerButton() != true, machine.isAlive {
                    throw RunError("QEMU's control socket of \(name) does not answer", hint: "end it with --force")
                }
                pressed = .now
            }
            if wait(until: min(start + limit, ContinuousClock.now + .milliseconds(200))) {
                report("\(name) powered off in \(QEMU.seconds(ContinuousClock.now - start))")
                return true
            }
        }
        report("\(name) did not power off within \(limit.components.seconds) s; ending it")
        try force()
        return false
    }

    /// Ends QEMU, which flushes the disks that the host caches; the guest is not asked.
    public func force() throws {
        for signal in [SIGTERM, SIGKILL] {
            // The number of an ended process may belong to another.
            if machine.isAlive, kill(machine.pid, signal) != 0, errno != ESRCH {
                throw RunError("ending process \(machine.pid): \(FileError.text().lowercased())")
            }
            if wait(until: ContinuousClock.now + .seconds(5)) { return report("ended \(name)") }
        }
        throw RunError("process \(machine.pid) of \(name) does not end")
    }

    /// Whether the console shows that the guest heard the button.
    private func isEnding() throws -> Bool {
        guard let console = machine.console else { return false }
        return try ConsoleLog.lastLines(of: console, 40).contains { $0.contains("moby: shutting down") }
    }

    private func wait(until end: ContinuousClock.Instant) -> Bool {
        while machine.isAlive {
            guard ContinuousClock.now < end else { return false }
            usleep(10_000)
        }
        return true
    }
}
