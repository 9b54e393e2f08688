internal import CLinux
internal import Glibc

/// What a console has shown so far, as far as it matters to a run.
struct ConsoleState {
    /// Whether there was any output.
    private(set) var hasOutput = false
    /// PID 1's last line of this boot.
    private(set) var ending: GuestEnding?
    /// Whether PID 1 stops everything, or has: another press of the power button would make it hurry, and disks lose
    /// what is not written yet.
    private(set) var isEnding = false
    /// Services that ran when this boot was complete, and all there are.
    private(set) var up: (running: Int, all: Int)?
    /// Boots that PID 1 did not announce: a watchdog or something else has reset the machine.
    private(set) var resets = 0
    /// How far this boot has come.
    private var stage = Stage.firmware
    /// The panic that was seen, or a text that looks like one.
    private(set) var panic: String?
    private var traceEnded = false
    private var lastLine: ContinuousClock.Instant = .now
    private var isPrompt = false

    private enum Stage: Comparable { case firmware, kernel, `init` }

    /// Takes a line that has ended.
    mutating func take(line: String, at time: ContinuousClock.Instant) {
        note(time)
        isPrompt = false
        let meaning = GuestLine(line)
        // After a panic only the kernel writes: output of others shows that the panic was only a text.
        if panic != nil, traceEnded, meaning == nil, !Self.isFromKernel(line) { forgetPanic() }
        switch meaning {
        case .ending(let ending, _):
            forgetPanic()
            self.ending = ending
            isEnding = true
        case .shuttingDown: isEnding = true
        case .panic(let why):
            panic = why
            traceEnded = false
        case .endOfPanic where panic != nil: traceEnded = true
        case .up(let running, let all): up = (running, all)
        // A shell can show it, too, with dmesg; PID 1's line then tells.
        case .kernelStarts where stage == .`init` && ending == nil: break
        case .kernelStarts: enter(.kernel)
        case .initStarts: enter(.`init`)
        case .endOfPanic, nil: break
        }
    }

    /// A stage that does not follow the last one belongs to another boot.
    private mutating func enter(_ next: Stage) {
        if next <= stage || ending != nil {
            if ending == nil, panic == nil { resets += 1 }
            forgetPanic()
            (ending, isEnding, up) = (nil, false, nil)
        }
        stage = next
    }

    /// Takes the last line, which has no end yet.
    mutating func take(open line: String, at time: ContinuousClock.Instant) {
        note(time)
        isPrompt = !line.isEmpty
    }

    /// Whether the machine has panicked: the kernel's message was seen, and the console has been silent since, without
    /// a prompt.
    func isPanicCertain(at time: ContinuousClock.Instant) -> Bool {
        panic != nil && !isPrompt && time - lastLine >= (traceEnded ? .seconds(1) : .seconds(5))
    }

    private mutating func note(_ time: ContinuousClock.Instant) {
        hasOutput = true
        lastLine = time
    }

    private mutating func forgetPanic() {
        panic = nil
        traceEnded = false
    }

    /// Lines with a time stamp that are not PID 1's, and the kernel's messages without one.
    private static func isFromKernel(_ line: String) -> Bool {
        let text = GuestLine.withoutTime(line[...])
        if text.isEmpty || text.hasPrefix("Rebooting in ") { return true }
        return text.startIndex != line.startIndex && !text.hasPrefix("moby: ")
    }
}
