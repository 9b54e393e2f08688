internal import Dispatch
internal import Glibc
internal import Synchronization

/// Watches a machine that has the terminal: checks its readiness, ends it after a panic or a timeout, and reports how
/// it ended.
final class QEMUSupervision: Sendable {
    /// What the user asked for.
    struct Goals: Sendable {
        var readiness: ReadinessWait?
        /// For the whole run, without readiness checks.
        var limit: Duration?
        /// Forwarded by the user network.
        var ports: [PublishedPort] = []
    }

    /// How long a guest may take to power off.
    private static let powerOffLimit: Duration = .seconds(120)

    private let child: ChildProcess
    private let console: ConsoleWatch
    private let control: QMP?
    private let goals: Goals
    private let report: @Sendable (String) -> Void
    private let start = ContinuousClock.now
    /// Why QEMU was ended here, as an exit status.
    private let verdict = Mutex<Int32?>(nil)
    private let missing = Mutex<[ReadinessCheck]>([])
    private let done = DispatchSemaphore(value: 0)

    init(
        _ child: ChildProcess, console: ConsoleWatch, control: QMP?, _ goals: Goals,
        report: @escaping @Sendable (String) -> Void
    ) throws {
        (self.child, self.console, self.control, self.goals, self.report) = (child, console, control, goals, report)
        let checks = goals.readiness?.checks ?? []
        missing.withLock { $0 = checks }
        let pending = try PendingChecks(checks, forwarded: goals.ports, control: control)
        guard OwnThread.start({ self.watch(pending) }) else {
            throw RunError("starting the thread that watches the machine")
        }
    }

    /// The exit code, once QEMU has ended.
    /// - Parameters:
    ///   - qemu: QEMU's exit status.
    ///   - isInterrupted: whether a signal to this program ended it.
    func status(of qemu: Int32, isInterrupted: Bool) -> Int32 {
        console.wake()
        done.wait()
        console.waitForEnd()
        if let verdict = verdict.withLock({ $0 }) { return verdict }
        if isInterrupted { return qemu }
        let state = console.now
        if let panic = state.panic { return ended(.panic(panic)) }
        if qemu != 0 { return qemu }
        if let ending = state.ending, ending != .clean { return ended(ending) }
        let missing = missing.withLock { $0 }
        guard missing.isEmpty else {
            report("the machine ended before \(Self.list(missing))")
            return ExitStatus.failure
        }
        return ExitStatus.clean
    }

    private func ended(_ ending: GuestEnding) -> Int32 {
        if let reason = ending.reason { report("\(reason) (exit code \(ending.status))") }
        return ending.status
    }

    private func watch(_ checks: PendingChecks) {
        defer { done.signal() }
        var checks = checks
        var turn = Turn()
        while child.poll() == nil {
            let time = ContinuousClock.now - start
            let state = console.now
            if state.isPanicCertain(at: .now), let panic = state.panic { return end(with: ended(.panic(panic))) }
            if let limit = turn.isServing ? nil : limit, time >= limit { return timeOut(checks, limit) }
            reportPending(state, time, checks, &turn)
            guard !checks.pending.isEmpty else {
                console.wait(.milliseconds(200))
                continue
            }
            do {
                for arrival in try checks.update(after: time, left: (limit ?? .seconds(5)) - time, console: console) {
                    report(
                        "\(arrival.what) \(QEMU.seconds(ContinuousClock.now - start)) after the start of the machine\(arrival.detail)"
                    )
                }
            } catch {
                report("\(error)")
                return end(with: ExitStatus.failure)
            }
            let pending = checks.pending.map(\.check)
            missing.withLock { $0 = pending }
            if pending.isEmpty {
                turn.isServing = true
                if goals.readiness?.thenPowerOff == true { return powerOff() }
            }
            console.wait(.milliseconds(10))
        }
    }

    private var limit: Duration? { goals.readiness?.limit ?? goals.limit }

    /// State of the watch from one round to the next.
    private struct Turn {
        /// Whether every check is true.
        var isServing = false
        var lastReport: Duration = .zero
        var reportedSilence = false
        var reportedResets = 0
    }

    private func reportPending(_ state: ConsoleState, _ time: Duration, _ checks: PendingChecks, _ turn: inout Turn) {
        if state.resets > turn.reportedResets {
            turn.reportedResets = state.resets
            report("the machine was reset without having announced a reboot, as by a watchdog; it boots again")
        }
        if !state.hasOutput, !turn.reportedSilence, time >= .seconds(60) {
            turn.reportedSilence = true
            report(
                "the serial console has been silent for 60 s; check that the kernel command line names it (console=ttyS0), and --mem"
            )
        }
        guard !checks.pending.isEmpty, let limit, time - turn.lastReport >= .seconds(10) else { return }
        turn.lastReport = time
        report(
            "waiting for \(Self.list(checks.pending.map(\.check))): \(time.components.seconds) of \(limit.components.seconds) s"
        )
    }

    private func timeOut(_ checks: PendingChecks, _ limit: Duration) {
        let pending = checks.pending.map(\.check)
        let what = pending.isEmpty ? "" : " waiting for \(Self.list(pending))"
        report(
            "timed out after \(limit.components.seconds) s\(what)\(checks.failure); ending QEMU (exit code \(ExitStatus.timedOut))"
        )
        end(with: ExitStatus.timedOut)
    }

    private func powerOff() {
        let asked = ContinuousClock.now
        while ContinuousClock.now - asked < Self.powerOffLimit {
            let state = console.now
            if state.isPanicCertain(at: .now), let panic = state.panic { return end(with: ended(.panic(panic))) }
            // A guest that is still starting may not listen yet.
            if !state.isEnding, control?.powerDown() != true { break }
            if child.wait(within: .seconds(3)) != nil {
                return report("powered off in \(QEMU.seconds(ContinuousClock.now - asked))")
            }
        }
        report("the guest did not power off within \(Self.powerOffLimit.components.seconds) s; ending QEMU")
        end(with: ExitStatus.failure)
    }

    private func end(with status: Int32) {
        verdict.withLock { $0 = status }
        child.stop()
    }

    private static func list(_ checks: [ReadinessCheck]) -> String { checks.map(\.description).joined(separator: ", ") }
}

extension QEMU {
    /// `4.31 s`.
    package static func seconds(_ duration: Duration) -> String {
        let hundredths = Int((duration / .milliseconds(10)).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
