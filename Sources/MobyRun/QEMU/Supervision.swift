internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// Looks after a machine that has the terminal: waits for what is awaited, ends what panicked or takes too long, and
/// says how it ended.
final class Supervision: Sendable {
    /// What is asked for.
    struct Wishes: Sendable {
        var awaiting: Awaiting?
        /// For the whole run, where nothing is awaited.
        var limit: Duration?
        /// What the user network forwards.
        var ports: [PublishedPort] = []
    }

    /// How long a guest may take to power off.
    private static let powerOffLimit: Duration = .seconds(120)

    private let child: ChildProcess
    private let console: ConsoleWatch
    private let control: QMP?
    private let wishes: Wishes
    private let say: @Sendable (String) -> Void
    private let start = ContinuousClock.now
    /// Why QEMU was ended here, as an exit status.
    private let verdict = Mutex<Int32?>(nil)
    private let missing = Mutex<[Awaited]>([])
    private let done = DispatchSemaphore(value: 0)

    init(
        _ child: ChildProcess, console: ConsoleWatch, control: QMP?, _ wishes: Wishes,
        say: @escaping @Sendable (String) -> Void
    ) throws {
        (self.child, self.console, self.control, self.wishes, self.say) = (child, console, control, wishes, say)
        let things = wishes.awaiting?.things ?? []
        missing.withLock { $0 = things }
        let awaited = try AwaitedThings(things, forwarded: wishes.ports, control: control)
        guard OwnThread.start({ self.watch(awaited) }) else { throw RunError("no thread to look after the machine") }
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
            say("the machine ended before this came: \(Self.list(missing))")
            return ExitStatus.failure
        }
        return ExitStatus.clean
    }

    private func ended(_ ending: GuestEnding) -> Int32 {
        if let reason = ending.reason { say("\(reason) (exit code \(ending.status))") }
        return ending.status
    }

    private func watch(_ awaited: AwaitedThings) {
        defer { done.signal() }
        var awaited = awaited
        var turn = Turn()
        while child.poll() == nil {
            let time = ContinuousClock.now - start
            let state = console.now
            if state.isPanicCertain(at: .now), let panic = state.panic { return end(with: ended(.panic(panic))) }
            if let limit = turn.isServing ? nil : limit, time >= limit { return timeOut(awaited, limit) }
            sayWhatIsMissing(state, time, awaited, &turn)
            guard !awaited.pending.isEmpty else {
                console.wait(.milliseconds(200))
                continue
            }
            do {
                for arrival in try awaited.look(after: time, left: (limit ?? .seconds(5)) - time, console: console) {
                    say(
                        "\(arrival.what) \(QEMU.seconds(ContinuousClock.now - start)) after the start of the machine\(arrival.detail)"
                    )
                }
            } catch {
                say("\(error)")
                return end(with: ExitStatus.failure)
            }
            let things = awaited.pending.map(\.thing)
            missing.withLock { $0 = things }
            if things.isEmpty {
                turn.isServing = true
                if wishes.awaiting?.thenPowerOff == true { return powerOff() }
            }
            console.wait(.milliseconds(10))
        }
    }

    private var limit: Duration? { wishes.awaiting?.limit ?? wishes.limit }

    /// What the watch remembers from one look to the next.
    private struct Turn {
        /// Whether all that was awaited came.
        var isServing = false
        var lastReport: Duration = .zero
        var saidSilence = false
    }

    private func sayWhatIsMissing(_ state: ConsoleState, _ time: Duration, _ awaited: AwaitedThings, _ turn: inout Turn)
    {
        if !state.hasSpoken, !turn.saidSilence, time >= .seconds(60) {
            turn.saidSilence = true
            say(
                "nothing came from the serial console in 60 s: does the command line name it (console=ttyS0), is the memory enough?"
            )
        }
        guard !awaited.pending.isEmpty, let limit, time - turn.lastReport >= .seconds(10) else { return }
        turn.lastReport = time
        say(
            "waiting for \(Self.list(awaited.pending.map(\.thing))): \(time.components.seconds) of \(limit.components.seconds) s"
        )
    }

    private func timeOut(_ awaited: AwaitedThings, _ limit: Duration) {
        let things = awaited.pending.map(\.thing)
        let what = things.isEmpty ? "the machine did not end" : "\(Self.list(things)) did not come"
        say("\(what) within \(limit.components.seconds) s; ending QEMU (exit code \(ExitStatus.timedOut))")
        end(with: ExitStatus.timedOut)
    }

    private func powerOff() {
        let asked = ContinuousClock.now
        while ContinuousClock.now - asked < Self.powerOffLimit {
            let state = console.now
            if state.isPanicCertain(at: .now), let panic = state.panic { return end(with: ended(.panic(panic))) }
            // A guest that is still starting may not listen yet; to one that does, a second request means to hurry.
            if state.ending == nil, control?.powerDown() != true { break }
            if child.wait(within: .seconds(3)) != nil {
                return say("powered off in \(QEMU.seconds(ContinuousClock.now - asked))")
            }
        }
        say("the guest did not power off within \(Self.powerOffLimit.components.seconds) s; ending QEMU")
        end(with: ExitStatus.failure)
    }

    private func end(with status: Int32) {
        verdict.withLock { $0 = status }
        child.stop()
    }

    private static func list(_ things: [Awaited]) -> String { things.map(\.description).joined(separator: ", ") }
}

extension QEMU {
    /// `4.31 s`.
    static func seconds(_ duration: Duration) -> String {
        let hundredths = Int((duration / .milliseconds(10)).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
