import BootLayout
import Glibc
import Testing

@testable import GuestInit

struct SupervisorTests {
    @Test func servicesRunAndAreStopped() throws {
        let guest = try Guest()
        for name in ["a", "b", "c"] { try guest.bundle("services", name, "echo hello from \(name); exec sleep 1000") }
        let supervisor = guest.supervisor()
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
        let supervisor = guest.supervisor(parallel: 3)
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

    @Test func aKilledServiceRunsAgain() throws {
        let guest = try Guest()
        let bundle = try guest.bundle("services", "web", "echo run; exec sleep 1000")
        let supervisor = guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["web"])
        #expect(guest.wait { service.run?.pid != nil })
        let first = try #require(service.run?.pid)
        kill(first, SIGKILL)
        #expect(guest.wait { service.run?.pid != nil && service.run?.pid != first })
        #expect(guest.console.contains("service web ended: killed by SIGKILL (9), again in 0.10 s\n"))
        #expect(service.starts == 2 && bundle.name == "web")
        supervisor.stop(service)
        #expect(guest.wait { !service.isAlive })
    }

    @Test func aFailingServiceBacksOffAndShowsWhatItSaid() throws {
        let guest = try Guest()
        try guest.bundle("services", "bad", "echo reason >&2; exit 7")
        let supervisor = guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["bad"])
        #expect(guest.wait { service.starts == 3 && service.state == .waiting })
        let lines = guest.console.split(separator: "\n").filter { $0.contains("ended") }
        #expect(lines.map { $0.split(separator: " ").suffix(2).joined(separator: " ") } == ["0.10 s", "0.20 s", "0.40 s"])
        #expect(guest.console.contains("  bad: reason\n"))
        #expect(guest.folder.text("logs/bad.log") == "reason\nreason\nreason\n")
        supervisor.stop(service)
        #expect(service.state == .stopped)
    }

    @Test(arguments: [(RuntimeRecord.Restart.no, "exit 1", 1), (.onFailure, "exit 0", 1), (.always, "exit 0", 2)])
    func policyIsKept(policy: RuntimeRecord.Restart, command: String, starts: Int) throws {
        let guest = try Guest()
        try guest.bundle("services", "x", command) { $0.restart = policy }
        let supervisor = guest.supervisor()
        supervisor.startAll()
        let service = try #require(supervisor["x"])
        #expect(guest.wait { service.starts == starts && (service.state == .stopped || service.state == .waiting) })
        supervisor.stop(service)
    }

    @Test func faultsAreTold() throws {
        let guest = try Guest()
        try guest.bundle("services", "nocommand", nil)
        try guest.folder.write("services/noconfig/x", "")
        try guest.folder.write("services/norecord/config.json", "{}")
        try guest.folder.write("services/norecord/runtime.json", "{\"mkdir\": 1}")
        let supervisor = guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor.services.allSatisfy { $0.state == .waiting } })
        #expect(guest.console.contains("service nocommand did not start: runc run: exit status 4, again in 0.10 s\n"))
        #expect(guest.console.contains("  nocommand: no command\n"))
        #expect(guest.console.contains("noconfig/config.json is missing, again in 0.10 s\n"))
        #expect(guest.console.contains("norecord/runtime.json: 'mkdir' is a number, not a list, again in 0.10 s\n"))
        for service in supervisor.services { supervisor.stop(service) }
    }

    @Test func aMissingRuncIsTold() throws {
        let guest = try Guest()
        try guest.bundle("services", "x", "")
        unlink(guest.folder.path + "/runc")
        let supervisor = guest.supervisor()
        supervisor.startAll()
        #expect(guest.wait { supervisor["x"]?.state == .waiting })
        #expect(guest.console.contains("service x did not start: start 'runc': No such file or directory"))
        supervisor.services.forEach { supervisor.stop($0) }
    }

    @Test func aServiceThatDoesNotListenIsKilled() throws {
        let guest = try Guest()
        try guest.bundle("services", "deaf", "trap '' TERM; echo ready; while :; do sleep 1; done")
        let supervisor = guest.supervisor()
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
    private func sequence(_ guest: Guest, limit: Int = 120) -> ContainerSequence {
        ContainerSequence(
            name: "onboot", bundles: Bundle.all(in: guest.folder.path + "/onboot"), environment: guest.environment,
            logs: guest.folder.path + "/logs/onboot", defaultLimit: limit)
    }

    @Test func runsInOrderAndGoesOn() throws {
        let guest = try Guest()
        let trail = guest.folder.path + "/trail"
        try guest.bundle("onboot", "000-a", "sleep 0.05; echo a >> \(trail)")
        try guest.bundle("onboot", "001-b", "echo b >> \(trail); echo out; echo err >&2; exit 3")
        try guest.bundle("onboot", "002-c", "echo c >> \(trail)")
        sequence(guest).perform()
        #expect(guest.folder.text("trail") == "a\nb\nc\n")
        let lines = guest.console.split(separator: "\n").map { $0.split(separator: "(")[0] }
        #expect(lines == ["onboot 000-a ok ", "onboot 001-b failed: exit status 3 ", "  001-b: out", "  001-b: err", "onboot 002-c ok "])
        #expect(guest.folder.text("logs/onboot/001-b.log") == "err\n")
        #expect(guest.folder.text("logs/onboot/001-b.out.log") == "out\n")
        // runc has forgotten them.
        #expect(Files.names(in: guest.folder.path + "/runc-state").isEmpty)
    }

    @Test func policyEndsTheBoot() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-a", "exit 1") { $0.onFailure = .poweroff }
        try guest.bundle("onboot", "001-b", "exit 0")
        var asked: [RuntimeRecord.OnFailure] = []
        sequence(guest).perform { bundle, policy in
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
        sequence(guest).perform()
        #expect(guest.console.contains("onboot 000-slow failed: not done within 1 s"))
        #expect(guest.console.contains("  000-slow: waiting\n"))
        #expect(guest.loop.now - start < 60_000)
    }

    @Test func anEndThatIsAskedForCutsItShort() throws {
        let guest = try Guest()
        try guest.bundle("onboot", "000-slow", "exec sleep 1000")
        try guest.bundle("onboot", "001-b", "exit 0")
        var isCancelled = false
        guest.loop.after(100) { isCancelled = true }
        var sequence = sequence(guest)
        sequence.isCancelled = { isCancelled }
        sequence.perform()
        #expect(guest.console.contains("000-slow failed: cut short"))
        #expect(!guest.console.contains("001-b"))
    }
}
