import Testing

@testable import MobyRun

/// What the lines of a guest's console mean, and what a console as a whole says of the guest's end.
struct ConsoleTests {
    @Test(arguments: [
        ("[   14.95] moby: powering off", GuestLine.ending(.clean, rebooting: false)),
        ("moby: powering off", .ending(.clean, rebooting: false)),
        ("[    9.01] moby: rebooting", .ending(.clean, rebooting: true)),
        ("[   14.95] moby: powering off (onboot 001-format failed)", .ending(.onboot("001-format"), rebooting: false)),
        ("[ 1214.95] moby: powering off (service web failed)", .ending(.service("web"), rebooting: false)),
        ("[    6.30] moby: rebooting (service a b failed)", .ending(.service("a b"), rebooting: true)),
        ("[    6.30] moby: powering off (root incomplete)", .ending(.incompleteRoot, rebooting: false)),
        ("[    6.30] moby: powering off (tired)", .ending(.other("tired"), rebooting: false)),
        ("[    6.10] moby: shutting down", .shuttingDown),
        ("[    7.30] moby: up: 2 of 3 services running", .up(running: 2, of: 3)),
        ("(ns: getty) moby-52:~# [    4.67] moby: up: 3 of 3 services running", .up(running: 3, of: 3)),
        ("login: [    9.01] moby: rebooting", .ending(.clean, rebooting: true)),
        ("Kernel panic - not syncing: No working init found.", .panic("No working init found.")),
        ("[    1.000000] Kernel panic - not syncing: VFS: x", .panic("VFS: x")),
        ("[    1.000000][    T1] Kernel panic - not syncing: x", .panic("x")),
        ("login: [    5.100000] Kernel panic - not syncing: sysrq triggered crash", .panic("sysrq triggered crash")),
        ("[    1.0] ---[ end Kernel panic - not syncing: x ]---", .endOfPanic),
        ("[    0.000000] Linux version 6.1.0", .kernelStarts), ("   Welcome to moby", .initStarts),
    ])
    func meaning(line: String, meaning: GuestLine) { #expect(GuestLine(line) == meaning) }

    @Test(arguments: [
        "", "moby: powering off now", "echo moby: powering off", "[ 1.0] moby: powering off (",
        "[x] moby: powering off", "# echo [x] moby: powering off", "# [1.00] moby: powering off now",
        "# echo 'Kernel panic - not syncing'", "moby: up: services running", "[    6.31] moby: service web failed",
    ])
    func noMeaning(line: String) { #expect(GuestLine(line) == nil) }

    @Test func linesAreCutAndEscapesLeftOut() {
        var splitter = LineSplitter()
        var lines: [String] = []
        splitter.take(
            Array("a\r\n\u{1B}[1;31mred\u{1B}[0m\u{1B}]0;title\u{07}\n\u{1B}(Bx\u{1B}]8;;u\u{1B}\\y\nopen".utf8)[...]
        ) {
            lines.append(LineSplitter.plain($0))
        }
        #expect(lines == ["a", "red", "xy"])
        #expect(splitter.open == Array("open".utf8))
        splitter.take([UInt8](repeating: 0x41, count: 3 * LineSplitter.limit)[...]) {
            lines.append(LineSplitter.plain($0))
        }
        #expect(splitter.open.count <= LineSplitter.limit)
        #expect(lines.dropFirst(3).map(\.utf8.count) == [LineSplitter.limit, LineSplitter.limit, LineSplitter.limit])
    }

    private func state(_ lines: String...) -> ConsoleState {
        var state = ConsoleState()
        for line in lines { state.take(line: line, at: start) }
        return state
    }

    private let start = ContinuousClock.now
    private let panic = "[    5.1] Kernel panic - not syncing: Attempted to kill init!"
    private let end = "[    5.2] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---"

    @Test func aPanicIsCertainOnceTheConsoleIsSilent() {
        let whole = state(panic, "[    5.1] CPU: 0 PID: 1 Comm: init", end, "[    5.3] Rebooting in 10 seconds..")
        #expect(whole.panic == "Attempted to kill init!")
        #expect(!whole.isPanicCertain(at: start + .milliseconds(900)))
        #expect(whole.isPanicCertain(at: start + .seconds(1)))
        let cut = state(panic, "[    5.1] CPU: 0 PID: 1 Comm: init")
        #expect(!cut.isPanicCertain(at: start + .seconds(4)))
        #expect(cut.isPanicCertain(at: start + .seconds(5)))
    }

    /// `dmesg` of the last crash, on the console of a machine that lives.
    @Test func aPanicThatWasOnlyShownIsNone() {
        var prompt = state(panic, end)
        prompt.take(open: "~ # ", at: start)
        #expect(!prompt.isPanicCertain(at: start + .seconds(60)))
        #expect(state(panic, end, "next line of a log").panic == nil)
        #expect(state(panic, end, "[    9.1] moby: service web ended").panic == nil)
    }

    @Test func theLastWordsOfTheLastBootCount() {
        let failed = "[    4.0] moby: rebooting (onboot a failed)"
        #expect(state(failed).ending == .onboot("a"))
        #expect(state(failed, "[    0.000000] Linux version 6.1.0").ending == nil)
        #expect(state(failed, "   Welcome to moby", "moby: powering off").ending == .clean)
    }

    @Test func aBootThatWasNotAnnouncedIsAReset() {
        let kernel = "[    0.000000] Linux version 6.1.0"
        let up = ["   Welcome to moby", "[    7.30] moby: up: 1 of 1 services running"]
        func state(_ lines: [String]) -> ConsoleState {
            lines.reduce(into: ConsoleState()) { $0.take(line: $1, at: start) }
        }
        #expect(state([kernel] + up).resets == 0)
        let reset = state([kernel] + up + [kernel, "   Welcome to moby"])
        #expect(reset.resets == 1 && reset.up == nil)
        #expect(state(up + up).resets == 1, "a quiet kernel")
        #expect(state([kernel, kernel]).resets == 1, "before PID 1")
        let announced = state([kernel] + up + ["[    9.01] moby: rebooting", kernel] + up)
        #expect(announced.resets == 0 && announced.up?.all == 1)
        let dmesg = state([kernel] + up + [kernel])
        #expect(dmesg.resets == 0 && dmesg.up != nil, "a shell shows the log")
    }
}
