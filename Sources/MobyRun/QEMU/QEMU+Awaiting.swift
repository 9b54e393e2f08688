internal import Dispatch
internal import Synchronization

extension QEMU {
    /// Finds out before the boot that the answer cannot come.
    /// - Throws: ``RunError`` when a loopback address is awaited on a port that is not published.
    public func checkAwaited() throws {
        guard let probe = awaited?.probe, case .user = machine.networking, probe.address.hasPrefix("127.") else { return }
        guard !machine.ports.contains(where: { $0.host == probe.port }) else { return }
        throw RunError(
            "--await: port \(probe.port) of the host is not published", hint: "publish it: --publish \(probe.port):80")
    }

    /// Starts the watch for an answer beside a machine that has the terminal.
    /// - Returns: where the watch leaves its verdict.
    func watch(_ awaited: Awaited, _ child: ChildProcess, _ control: QMP) -> Verdict {
        let verdict = Verdict()
        let start = ContinuousClock.now
        let isStarted = OwnThread.start {
            verdict.give(observe(awaited, child, control, since: start))
        }
        if !isStarted { verdict.give(false) }
        return verdict
    }

    /// - Returns: whether the answer came, and the machine powered off if it was to.
    private func observe(_ awaited: Awaited, _ child: ChildProcess, _ control: QMP, since start: ContinuousClock.Instant) -> Bool {
        let answer = awaited.probe.poll(within: awaited.limit) { child.poll() == nil }
        let time = QEMU.seconds(ContinuousClock.now - start)
        if let answer {
            say("answered \(time) after the start of the machine:\n\(answer.head)")
        } else if child.poll() == nil {
            say("no answer from http://\(awaited.probe.address):\(awaited.probe.port)\(awaited.probe.path) within \(time)")
        }
        guard awaited.thenPowerOff, child.poll() == nil else { return answer != nil }
        let asked = ContinuousClock.now
        if answer != nil, control.powerDown(child, within: .seconds(30)) {
            say("powered off in \(QEMU.seconds(ContinuousClock.now - asked))")
            return true
        }
        if answer != nil { say("the guest did not power off within 30 s; ending QEMU") }
        child.stop()
        return false
    }

    /// What the watch found out, once it has.
    final class Verdict: Sendable {
        private let given = DispatchSemaphore(value: 0)
        private let value = Atomic(false)

        func give(_ value: Bool) {
            self.value.store(value, ordering: .sequentiallyConsistent)
            given.signal()
        }

        /// Waits for it; it comes soon after the end of the machine.
        func wait() -> Bool {
            given.wait()
            return value.load(ordering: .sequentiallyConsistent)
        }
    }

    /// `4.31 s`.
    static func seconds(_ duration: Duration) -> String {
        let hundredths = Int((duration / .milliseconds(10)).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
