import BootLayout
import CInit
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct StartOrderTests {
    private let order = StartOrder(["db": [], "cache": [], "web": ["db", "cache", "nothing"], "edge": ["web"]])

    @Test func whatWaitsForTheFailedDoesNotProgress() {
        let waiting = ["web": ["db", "cache"], "edge": ["web"]]
        #expect(StartOrder.progressing(starting: ["db", "cache"], waiting: waiting) == ["db", "cache", "web", "edge"])
        #expect(StartOrder.progressing(starting: ["db"], waiting: waiting) == ["db"])
        #expect(StartOrder.progressing(starting: [], waiting: ["a": ["b"], "b": ["a"]]) == [])
        #expect(StartOrder.progressing(starting: [], waiting: ["a": []]) == ["a"])
    }

    @Test func stoppingTakesTheLongestChain() {
        let grace: [String: Int64] = ["db": 30, "cache": 5, "web": 10, "edge": 1]
        #expect(order.longestStop { grace[$0] ?? 0 } == 41)
        #expect(StartOrder([:]).longestStop { _ in 1 } == 0)
        #expect(StartOrder(["a": ["b"], "b": ["a"]]).longestStop { _ in 1 } == 2)
    }
}

struct HealthCountTests {
    @Test func soManyFailuresInARowAreUnhealthy() {
        var count = HealthCount(retries: 2)
        let events = [false, true, false, false, false, true, true].map { count.add($0) }
        #expect(events == [nil, nil, nil, .unhealthy, nil, .recovered, nil])
    }

    @Test func earlyFailuresDoNotCount() {
        var count = HealthCount(retries: 1)
        #expect(count.add(false, isEarly: true) == nil && !count.isKnown)
        #expect(count.add(true, isEarly: true) == nil && count.isKnown)
        #expect(count.add(false) == .unhealthy)
    }
}

struct LogBudgetTests {
    @Test func aFloodIsCutAndCounted() {
        var budget = LogBudget()
        let line = Array("x\n".utf8)[...]
        var taken = 0
        for _ in 0..<(LogBudget.lines + 7) where budget.take(line, at: 5).isTaken { taken += 1 }
        #expect(taken == LogBudget.lines)
        let (isTaken, note) = budget.take(line, at: 5 + LogBudget.span)
        #expect(isTaken && note == "\nmoby: dropped 7 lines (14 bytes): more than 50000 lines or 16 MiB in 10 s\n")
        #expect(budget.end() == nil)
    }

    @Test func bytesCountToo() {
        var budget = LogBudget()
        let block = [UInt8](repeating: 0x61, count: LogBudget.bytes)[...]
        #expect(budget.take(block, at: 0).isTaken)
        #expect(!budget.take(block[..<1], at: 1).isTaken)
        #expect(budget.end()?.contains("dropped 0 lines (1 bytes)") == true)
    }
}

struct MemoryEventsTests {
    @Test(arguments: [
        ("low 0\noom 0\noom_kill 0\n", nil), ("oom 2\noom_kill 1\n", "out of memory (limit 64.0 MiB)"),
        ("oom 1\noom_kill 3\n", "out of memory (limit 64.0 MiB), 3 processes killed"),
        ("oom 0\noom_kill 1\n", "the machine is out of memory"), ("", nil),
    ])
    func causesAreNamed(text: String, cause: String?) {
        #expect(MemoryEvents(text).cause(limit: 64 << 20) == cause)
    }
}

struct WatchTests {
    @Test func aServiceIsReadyWhenItsFileIs() throws {
        let guest = try Guest()
        let file = guest.folder.path + "/is-ready"
        try guest.bundle("services", "db", "exec sleep 1000") { $0.supervision.ready = .init(.file(file)) }
        try guest.bundle("services", "web", "exec sleep 1000") { $0.supervision.after = ["db"] }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let (db, web) = (try #require(supervisor["db"]), try #require(supervisor["web"]))
        #expect(guest.wait { db.run?.pid != nil })
        #expect(db.stateName == "starting" && web.state == .queued && !supervisor.isSettled)
        #expect(supervisor.unsettledNames == "db (file \(file)), web (after db)")
        try guest.folder.write("is-ready", "")
        #expect(guest.wait { supervisor.isSettled })
        #expect(db.stateName == "running" && web.stateName == "running")
        let lines = guest.console.split(separator: "\n")
        #expect(
            lines.map { $0.prefix { $0 != "(" } } == ["service db started", "service db ready ", "service web started"])
        // The one that needs the other ends first.
        _ = supervisor.stopAll(grace: 5000)
        #expect(web.state == .stopping && db.stateName == "running")
        #expect(guest.wait { db.state == .stopped && web.state == .stopped })
    }

    @Test func whatIsNotReadyInTimeHasFailed() throws {
        let guest = try Guest()
        try guest.bundle("services", "db", "exec sleep 1000") {
            $0.supervision.ready = .init(.file("/no/such"), limit: 250)
            $0.restart = .no
        }
        try guest.bundle("services", "web", "exec sleep 1000") { $0.supervision.after = ["db"] }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor["db"]?.state == .stopped })
        #expect(
            guest.console.contains(
                "service db ended: killed by SIGTERM (15): not ready after 0.25 s: file /no/such: No such file"))
        #expect(supervisor.isSettled && supervisor["web"]?.state == .queued)
        supervisor.reportBlocked()
        #expect(guest.console.hasSuffix("service web waits for db (stopped)\n"))
    }

    @Test func anOptionalServiceHoldsNothingUp() throws {
        let guest = try Guest()
        try guest.bundle("services", "db", "exit 1") { ($0.supervision.isRequired, $0.restart) = (false, .no) }
        try guest.bundle("services", "job", "exit 0")
        try guest.bundle("services", "web", "exec sleep 1000") { $0.supervision.after = ["db", "job"] }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor["web"]?.stateName == "running" })
        supervisor.services.forEach { supervisor.stop($0) }
        #expect(guest.wait { supervisor.services.allSatisfy { !$0.isAlive } })
    }

    @Test func readinessIsSentToTheSocket() throws {
        let guest = try Guest()
        try guest.bundle("services", "db", "exec sleep 1000") { $0.supervision.ready = .init(.notify) }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let db = try #require(supervisor["db"])
        #expect(guest.wait { db.run?.pid != nil })
        #expect(db.stateName == "starting")
        try guest.send("STATUS=warming \u{1B}[1mup\nREADY=1\n", to: guest.folder.path + "/notify/db")
        #expect(guest.wait { db.stateName == "running" })
        let status = db.status(now: guest.loop.now, waitsFor: nil, logs: "/var/log")
        #expect(status.contains("\n  says: warming up\n") && status.contains("\n  ready: yes, notify\n"))
        supervisor.stop(db)
        #expect(guest.wait { db.state == .stopped })
    }

    @Test(arguments: [(Supervision.Health.Action.restart, 2), (.reboot, 1), (.none, 1)])
    func theUnhealthyAreActedUpon(action: Supervision.Health.Action, starts: Int) throws {
        let guest = try Guest()
        try guest.bundle("services", "web", "exec sleep 1000") {
            // Nothing listens on port 1.
            $0.supervision.health = .init(.tcp(port: 1), interval: 20, retries: 2, action: action)
        }
        let supervisor = try guest.supervisor()
        var unhealthy: [String] = []
        supervisor.unhealthy = { unhealthy.append($0) }
        supervisor.startAll()
        let web = try #require(supervisor["web"])
        #expect(guest.wait { web.starts == starts && guest.console.contains("unhealthy") })
        #expect(guest.console.contains("tcp 1: "))
        #expect(unhealthy == (action == .reboot ? ["web"] : []))
        supervisor.stop(web)
        #expect(guest.wait { !web.isAlive })
    }
}

struct TerminationTests {
    /// Starts all services, gives a shell the time to set its traps, and stops one.
    @discardableResult
    private func stopOnceStarted(_ name: String, _ guest: Guest) throws -> Service {
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor[name])
        #expect(guest.wait { service.run?.pid != nil })
        guest.loop.wait(until: guest.loop.now + 300) { false }
        supervisor.stop(service)
        #expect(guest.wait { service.state == .stopped })
        return service
    }

    @Test func childrenGetTheSignalToo() throws {
        let guest = try Guest()
        // As runc does it, the first process leads a session.
        let script = """
            exec setsid sh -c 'trap "echo first; exit 0" TERM; sh -c "trap \\"echo second; exit 0\\" TERM; sleep 1000 & wait" & wait; wait'
            """
        try guest.bundle("services", "web", script)
        try stopOnceStarted("web", guest)
        #expect(
            guest.wait {
                (guest.folder.text("logs/web.out.log") ?? "").split(separator: "\n").sorted() == ["first", "second"]
            })
    }

    /// While a process is in sigwait(3), /proc shows what it waits for as neither blocked nor handled.
    @Test func waitingForASignalIsListening() throws {
        let guest = try Guest()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let pid = try Process.start(
            [Supervision.reaper, "sleep", "1000"], path: "/proc/self/exe", output: null, errors: null)
        var status: ProcessStatus?
        guest.loop.watch(child: pid) { status = $0 }
        #expect(guest.wait { cinit_awaits_signals(pid) == 1 })
        kill(pid, SIGTERM)
        #expect(guest.wait { status == .exited(143) })
    }

    @Test func whoDoesNotEndIsKilledAndNamed() throws {
        let guest = try Guest()
        try guest.bundle("services", "web", "trap '' QUIT TERM; sleep 1000; sleep 1000") {
            ($0.supervision.stopSignal, $0.supervision.stopGrace) = (3, 200)
        }
        let web = try stopOnceStarted("web", guest)
        let console = guest.console
        // Without a control group, a process that ignores the signal is killed at once.
        #expect(console.contains("service web stopped"), "\(console)")
        #expect(web.lastOutcome == .ended(.killed(signal: SIGKILL)))
    }
}

struct ReaperTests {
    /// This program is a reaper, too, when it has the name of one.
    private func run(_ guest: Guest, _ words: [String], then act: (pid_t) -> Void = { _ in }) throws -> ProcessStatus? {
        let output = open(guest.folder.path + "/output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(output) }
        let pid = try Process.start(
            [Supervision.reaper] + words, path: "/proc/self/exe", environment: Process.environment, output: output,
            errors: output)
        var status: ProcessStatus?
        guest.loop.watch(child: pid) { status = $0 }
        act(pid)
        _ = guest.wait { status != nil }
        return status
    }

    @Test(arguments: [
        (["sh", "-c", "(exec sleep 0.1) & exit 7"], 7, ""), (["sh", "-c", "kill -9 $$"], 137, ""),
        (["/no/such"], 127, "moby-init: exec: \"/no/such\": no such file or directory\n"),
        (["nosuch"], 127, "moby-init: exec: \"nosuch\": executable file not found in $PATH\n"),
        (["/etc/passwd"], 126, "moby-init: exec: \"/etc/passwd\": permission denied\n"), ([], 64, ""),
    ])
    func itEndsAsItsProgramDoes(words: [String], status: Int32, output: String) throws {
        let guest = try Guest()
        #expect(try run(guest, words) == .exited(status))
        #expect(guest.folder.text("output") == output)
    }

    @Test func signalsReachTheProgramAndItsGroup() throws {
        let guest = try Guest()
        let script =
            "trap 'wait; exit 3' USR1; sh -c 'trap \"echo child; exit\" USR1; echo up; while :; do sleep 0.05; done' & wait"
        let status = try run(guest, ["sh", "-c", script]) { pid in
            _ = guest.wait { guest.folder.text("output") == "up\n" }
            kill(pid, SIGUSR1)
        }
        #expect(status == .exited(3))
        // The shell has a line about the end of sleep between them.
        #expect(guest.wait { guest.folder.text("output")?.hasSuffix("\nchild\n") == true })
    }
}
