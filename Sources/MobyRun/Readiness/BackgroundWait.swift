internal import Dispatch
internal import Glibc

extension QEMU {
    /// Waits for the conditions of a machine in the background. As on a terminal, one that does not meet them in time is
    /// ended; Ctrl-C ends the wait alone.
    /// - Returns: a code of ``ExitStatus``.
    public func awaitBackground(_ plan: QEMUPlan) throws -> Int32 {
        guard let readiness, let background = plan.background else { return ExitStatus.clean }
        let process = try plan.processInBackground()
        var machine = MachineEntry(
            name: plan.registration?.name ?? MachineRegistry.name(argument), pid: process,
            ticks: ProcessClock.ticks(of: process) ?? 0, image: argument, started: time(nil), ports: [],
            console: background.console, hasAgent: false)
        machine.folder = plan.registration?.folder ?? ""
        return try BackgroundWait(machine, readiness, report: report).run(forwarding: self.machine.ports)
    }
}

/// Watches a machine in the background until it is ready.
struct BackgroundWait {
    private let machine: MachineEntry
    private let goal: ReadinessWait
    private let console: ConsoleWatch
    private let report: @Sendable (String) -> Void
    private let start = ContinuousClock.now

    init(_ machine: MachineEntry, _ goal: ReadinessWait, report: @escaping @Sendable (String) -> Void) throws {
        (self.machine, self.goal, self.report) = (machine, goal, report)
        console = try ConsoleWatch(file: machine.console ?? "", patterns: goal.patterns) { !machine.isAlive }
    }

    private var time: Duration { .now - start }

    /// - Parameter ports: ports that QEMU's user network forwards.
    func run(forwarding ports: [PublishedPort]) throws -> Int32 {
        // QEMU serves one connection at a time, which other commands may need.
        let needsControl = goal.checks.contains { if case .tcp = $0 { true } else { false } }
        let control = needsControl ? QMP(connecting: machine.controlSocket) : nil
        var checks = try PendingChecks(goal.checks, forwarded: ports, control: control)
        var lastReport: Duration = .zero
        while !checks.pending.isEmpty {
            guard machine.isAlive else { return ended(checks) }
            let state = console.now
            if state.isPanicCertain(at: .now), let panic = state.panic { return try end(.panic(panic)) }
            if time >= goal.limit { return try timeOut(checks) }
            if time - lastReport >= .seconds(10) {
                lastReport = time
                report(
                    "waiting for \(list(checks)): \(time.components.seconds) of \(goal.limit.components.seconds) s")
            }
            do {
                for arrival in try checks.update(after: time, left: goal.limit - time, console: console) {
                    report("\(arrival.what) \(QEMU.seconds(time)) after the start of the machine\(arrival.detail)")
                }
            } catch {
                report("\(error)")
                try stop()
                return ExitStatus.failure
            }
            console.wait(.milliseconds(10))
        }
        return ExitStatus.clean
    }

    private func list(_ checks: PendingChecks) -> String {
        checks.pending.map(\.check.description).joined(separator: ", ")
    }

    private func stop() throws { try MachineStop(machine) { _ in }.force() }

    /// The machine ended by itself.
    private func ended(_ checks: PendingChecks) -> Int32 {
        console.waitForEnd()
        let state = console.now
        if let ending = state.panic.map(GuestEnding.panic) ?? state.ending, let reason = ending.reason {
            report("\(reason) (exit code \(ending.status))")
            return ending.status
        }
        report("the machine ended before \(list(checks))")
        return ExitStatus.failure
    }

    private func end(_ ending: GuestEnding) throws -> Int32 {
        if let reason = ending.reason { report("\(reason) (exit code \(ending.status))") }
        try stop()
        return ending.status
    }

    private func timeOut(_ checks: PendingChecks) throws -> Int32 {
        report(
            "timed out after \(goal.limit.components.seconds) s waiting for \(list(checks))\(checks.failure); ending QEMU (exit code \(ExitStatus.timedOut))"
        )
        try stop()
        return ExitStatus.timedOut
    }
}
