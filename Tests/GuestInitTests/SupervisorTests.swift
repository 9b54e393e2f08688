import BootLayout
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct SupervisorTests {
    @Test func servicesRunAndAreStopped() throws {
        let guest = try Guest()
        for name in ["a", "b", "c"] { try guest.bundle("services", name, "echo hello from \(name); exec sleep 1000") }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor.isSettled })
        #expect(supervisor.services.allSatisfy { if case .running = $0.state { true } else { false } })
        #expect(guest.wait { guest.folder.text("logs/b.out.log") == "hello from b\n" })
        for service in supervisor.services { supervisor.stop(service) }
        #expect(guest.wait { supervisor.services.allSatisfy { $0.state == .stopped } })
        #expect(guest.console.split(separator: "\n").filter { $0.hasSuffix("started") }.count == 3)
        #expect(guest.console.contains("service a stopped\n"))
    }

    @Test func neverMoreThanSoManyStartAtATime() throws {
        let guest = try Guest()
        for number in 0..<12 { try guest.bundle("services", "s\(number)", "exec sleep 1000") }
        let supervisor = try guest.supervisor(parallel: 3)
        supervisor.startAll()
        var most = 0
        #expect(
            guest.wait {
                most = max(most, supervisor.services.count { $0.state == .starting })
                return supervisor.isSettled
            })
        #expect(most == 3)
        for service in supervisor.services { supervisor.stop(service) }
        #expect(guest.wait { supervisor.services.allSatisfy { !$0.isAlive } })
    }

    /// Without them a hook, such as one that releases an address, is lost in silence.
    @Test(arguments: [
        ("exit 0", "runc delete: exit status 9"), ("chmod a-x ../../runc", "starting 'runc': Permission denied"),
    ])
    func hooksThatCannotRunAreReported(command: String, reason: String) throws {
        let guest = try Guest()
        let bundle = try guest.bundle("onboot", "web", "cd '\(guest.folder.path)/onboot/web' && \(command)")
        try guest.folder.write("onboot/web/config.json", "{\"hooks\": {\"poststop\": []}}")
        ContainerSequence(
            name: "onboot", bundles: [bundle], environment: guest.environment, logs: guest.folder.path, defaultLimit: 60
        )
        .perform()
        #expect(guest.console.contains("web: cannot run poststop hooks: \(reason)\n"))
    }

    @Test func aKilledServiceRunsAgain() throws {
        let guest = try Guest()
        let bundle = try guest.bundle("services", "web", "echo run; exec sleep 1000")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["web"])
        #expect(guest.wait { service.run?.pid != nil })
        let first = try #require(service.run?.pid)
        kill(first, SIGKILL)
        #expect(guest.wait { service.run?.pid != nil && service.run?.pid != first })
        #expect(guest.console.contains("service web ended: killed by SIGKILL (9), restarting in 0.10 s\n"))
        #expect(service.starts == 2 && bundle.name == "web")
        supervisor.stop(service)
        #expect(guest.wait { !service.isAlive })
    }

    /// Its tries go on, and the console hears of the first.
    @Test func aFailingServiceBacksOffAndShowsWhatItSaidOnce() throws {
        let guest = try Guest()
        try guest.bundle("services", "bad", "echo reason >&2; exit 7")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["bad"])
        #expect(guest.wait { service.starts == 3 && service.state == .waiting })
        #expect(
            guest.console == """
                service bad started
                service bad ended: exit status 7, restarting in 0.10 s
                  bad: reason

                """)
        #expect(guest.folder.text("logs/bad.log") == "reason\nreason\nreason\n")
        supervisor.stop(service)
        #expect(service.state == .stopped)
        // A person who starts it hears of its failure again.
        supervisor.start(service)
        #expect(guest.wait { service.starts == 4 && service.state == .waiting })
        #expect(guest.console.split(separator: "\n").count { $0.hasPrefix("service bad ended") } == 2)
        supervisor.stop(service)
    }

    /// An error of the image is final after the third try; then the service's policy is reported.
    @Test(arguments: [
        (
            Guest.runc.replacing("no command", with: #"exec: \"web\": executable file not found in $PATH"#),
            "it is not in any directory of PATH"
        ),
        ("", "runtime.json: 'mkdir' is a number, not an array"),
    ])
    func aHopelessServiceIsGivenUp(runc: String, reason: String) throws {
        let guest = try runc.isEmpty ? Guest() : Guest(runc: runc.replacing("$PATH", with: "\\$PATH"))
        try guest.bundle("services", "web", nil)
        try guest.folder.write("services/web/config.json", #"{"process": {"args": ["web"]}}"#)
        if runc.isEmpty { try guest.folder.write("services/web/runtime.json", "{\"mkdir\": 1}") }
        let supervisor = try guest.supervisor()
        var givenUp: [String] = []
        supervisor.givenUp = { name, _ in givenUp.append(name) }
        supervisor.startAll()
        let service = try #require(supervisor["web"])
        #expect(guest.wait { service.state == .failed })
        #expect(service.starts == 3 && givenUp == ["web"])
        let lines = guest.console.split(separator: "\n")
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.first?.contains(reason) == true && lines.first?.hasSuffix(", restarting in 0.10 s") == true)
        #expect(lines.last?.hasSuffix("\(reason); giving up") == true)
        #expect(service.row(now: guest.loop.now)[1] == "failed")
    }

    @Test func whatIsNotStartedAgainIsGivenUpWhenItFailed() throws {
        let guest = try Guest()
        try guest.bundle("services", "good", "exit 0") { $0.restart = .no }
        try guest.bundle("services", "bad", "exit 1") { ($0.restart, $0.onFailure) = (.no, .poweroff) }
        let supervisor = try guest.supervisor()
        var givenUp: [String] = []
        supervisor.givenUp = { givenUp.append("\($0) \($1)") }
        supervisor.startAll()
        #expect(guest.wait { supervisor.services.allSatisfy { $0.state == .stopped && $0.starts == 1 } })
        #expect(givenUp == ["bad poweroff"])
    }

    /// runc itself may hang.
    @Test func callsOfRuncHaveALimit() throws {
        let guest = try Guest(runc: "#!/bin/sh\nexec sleep 1000\n", launchLimit: 100)
        try guest.bundle("services", "x", "")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor["x"]?.state == .waiting })
        #expect(guest.console.contains("service x did not start: runc run: timed out after 0 s, restarting in"))
        supervisor.services.forEach { supervisor.stop($0) }
    }

    /// A process does it while PID 1 goes on; whoever cannot give files away keeps them.
    @Test(arguments: [true, false]) func filesAreGivenBeforeTheStart(hasRoot: Bool) throws {
        let guest = try Guest()
        let bundle = try guest.bundle("services", "x", "exec sleep 1000") {
            $0.userRanges = [RuntimeRecord.IDRange(containerID: 4_000_000_000, hostID: 100_000, size: 1)]
        }
        if hasRoot { try guest.folder.write("services/x/rootfs/etc/motd", "hello") }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(supervisor["x"]?.state == .starting)
        #expect(guest.wait { guest.console.contains(hasRoot ? "service x started" : "did not start: giving '") })
        #expect(hasRoot || guest.console.contains("\(bundle.root)' to its users: No such file or directory"))
        supervisor.services.forEach { supervisor.stop($0) }
        #expect(guest.wait { supervisor.services.allSatisfy { !$0.isAlive } })
    }

    @Test(arguments: [(RuntimeRecord.Restart.no, "exit 1", 1), (.onFailure, "exit 0", 1), (.always, "exit 0", 2)])
    func policyIsKept(policy: RuntimeRecord.Restart, command: String, starts: Int) throws {
        let guest = try Guest()
        try guest.bundle("services", "x", command) { $0.restart = policy }
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["x"])
        #expect(guest.wait { service.starts == starts && (service.state == .stopped || service.state == .waiting) })
        supervisor.stop(service)
    }

    @Test func errorsAreReported() throws {
        let guest = try Guest()
        try guest.bundle("services", "nocommand", nil)
        try guest.folder.write("services/noconfig/x", "")
        try guest.folder.write("services/norecord/config.json", "{}")
        try guest.folder.write("services/norecord/runtime.json", "{\"mkdir\": 1}")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor.services.allSatisfy { $0.state == .waiting } })
        #expect(
            guest.console.contains("service nocommand did not start: runc run: exit status 4, restarting in 0.10 s\n"))
        #expect(guest.console.contains("  nocommand: no command\n"))
        #expect(guest.console.contains("noconfig/config.json is missing, restarting in 0.10 s\n"))
        #expect(
            guest.console.contains("norecord/runtime.json: 'mkdir' is a number, not an array, restarting in 0.10 s\n"))
        for service in supervisor.services { supervisor.stop(service) }
    }

    @Test func aMissingRuncIsTold() throws {
        let guest = try Guest()
        try guest.bundle("services", "x", "")
        unlink(guest.folder.path + "/runc")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor["x"]?.state == .waiting })
        #expect(guest.console.contains("service x did not start: starting 'runc': No such file or directory"))
        supervisor.services.forEach { supervisor.stop($0) }
    }

    @Test func aServiceThatDoesNotListenIsKilled() throws {
        let guest = try Guest()
        try guest.bundle("services", "deaf", "trap '' TERM; echo ready; while :; do sleep 1; done")
        let supervisor = try guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["deaf"])
        #expect(guest.wait { guest.folder.text("logs/deaf.out.log") == "ready\n" })
        supervisor.stop(service, grace: 30_000)
        // Ignoring it is seen beforehand: no grace is spent.
        #expect(guest.wait { service.state == .stopped })
        #expect(service.lastOutcome == .ended(.killed(signal: SIGKILL)))
    }
}

struct ContainerSequenceTests {
    private func sequence(_ guest: Guest, limit: Int = 120) throws -> ContainerSequence {
        try ContainerSequence(
            name: "onboot", bundles: Bundle.all(in: guest.folder.path + "/onboot"), environment: guest.environment,
            logs: guest.folder.path + "/logs/onboot", defaultLimit: limit)
    }

    @Test func runsInOrderAndGoesOn() throws {
        let guest = try Guest()
        let trail = guest.folder.path + "/trail"
        try guest.bundle("onboot", "000-a", "sleep 0.05; echo a >> \(trail)")
        try guest.bundle("onboot", "001-b", "echo b >> \(trail); echo out; echo err >&2; exit 3")
        try guest.bundle("onboot", "002-c", "echo c >> \(trail)")
        try sequence(guest).perform()
        #expect(guest.folder.text("trail") == "a\nb\nc\n")
        let lines = guest.console.split(separator: "\n").map { $0.split(separator: "(")[0] }
        #expect(
            lines == [
                "onboot 000-a ok ", "onboot 001-b failed: exit status 3 ", "  001-b: out", "  001-b: err",
                "onboot 002-c ok ",
            ])
        #expect(guest.folder.text("logs/onboot/001-b.log") == "err\n")
        #expect(guest.folder.text("logs/onboot/001-b.out.log") == "out\n")
        // runc has forgotten them.
        #expect(Files.names(in: guest.folder.path + "/runc-state").isEmpty)
    }

    /// As pipelines read it: all that it printed, or the end of it, each line with its name and without escapes.
    @Test func outputIsShownWhenItEnds() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-a", "printf 'one\\n\\033[1mtwo\\033[0m\\n'; echo err >&2")
        let line = String(repeating: "x", count: 99)
        try guest.bundle(
            "onboot", "001-long", "i=0; while [ $i -lt 1000 ]; do echo \(line); i=$((i+1)); done; echo end")
        var sequence = try sequence(guest)
        sequence.printsOutput = true
        sequence.perform()
        let lines = guest.console.split(separator: "\n").map(String.init)
        #expect(lines[1...3] == ["  000-a: one", "  000-a: two", "  000-a: err"])
        #expect(lines[5].hasSuffix(" earlier bytes are in \(guest.folder.path)/logs/onboot/001-long.out.log)"))
        #expect(lines[6] == "  001-long: " + line && lines.last == "  001-long: end")
        #expect((640...665).contains(lines.count))
    }

    /// Its own limit counts before the sequence's; 0 is none.
    @Test(arguments: [(nil, true), (1000, false), (0, false)] as [(Int?, Bool)])
    func aLimitHoldsWhereNothingIsSaid(timeout: Int?, isCut: Bool) throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-slow", "exec sleep 2") { $0.timeout = timeout }
        try sequence(guest, limit: 1).perform()
        #expect(guest.console.contains("timed out after 1 s") == isCut)
    }

    @Test func policyEndsTheBoot() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-a", "exit 1") { $0.onFailure = .poweroff }
        try guest.bundle("onboot", "001-b", "exit 0")
        var asked: [RuntimeRecord.OnFailure] = []
        try sequence(guest).perform { bundle, policy in
            #expect(bundle.name == "000-a")
            asked.append(policy)
            return false
        }
        #expect(asked == [.poweroff])
        #expect(!guest.console.contains("001-b"))
    }

    @Test func timeIsLimited() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-slow", "echo waiting; exec sleep 1000") { $0.timeout = 1 }
        let start = guest.loop.now
        try sequence(guest).perform()
        #expect(guest.console.contains("onboot 000-slow failed: timed out after 1 s"))
        #expect(guest.console.contains("  000-slow: waiting\n"))
        #expect(guest.loop.now - start < 60_000)
    }

    @Test func anEndThatIsAskedForCutsItShort() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-slow", "exec sleep 1000")
        try guest.bundle("onboot", "001-b", "exit 0")
        var isCancelled = false
        guest.loop.after(100) { isCancelled = true }
        var sequence = try sequence(guest)
        sequence.isCancelled = { isCancelled }
        sequence.perform()
        #expect(guest.console.contains("000-slow failed: interrupted"))
        #expect(!guest.console.contains("001-b"))
    }
}
