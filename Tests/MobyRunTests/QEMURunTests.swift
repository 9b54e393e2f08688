import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// The thin part: starting, waiting, signals, and the answer awaited; with scripts in QEMU's place. One at a time:
/// signals belong to the process.
@Suite(.serialized) struct QEMURunTests {
    private let folder: TemporaryFolder
    private let image: String

    init() throws {
        folder = try TemporaryFolder()
        image = try folder.write("guest.img", GuestProgram.disk)
    }

    private func qemu(
        _ script: String, readiness things: String..., report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> QEMU {
        var machine = GuestProgram.machine()
        machine.qemu = try folder.write("qemu", "#!/bin/bash\ncd \(folder.path)\n\(script)\n", mode: 0o755)
        var qemu = QEMU(machine, booting: image, environment: ["PATH": "/usr/bin:/bin"], report: report)
        if !things.isEmpty {
            qemu.readiness = ReadinessWait(
                try things.map(ReadinessCheck.init(parsing:)), limit: .seconds(120), thenPowerOff: true)
        }
        return qemu
    }

    private func run(_ qemu: QEMU) throws -> Int32 { try qemu.run(try qemu.plan()) }

    @Test(arguments: [("exit 0", 0), ("exit 85", 85), ("kill -KILL $$", 137)])
    func returnsTheStatus(script: String, status: Int32) throws { #expect(try run(qemu(script)) == status) }

    @Test func programThatCannotBeStarted() throws {
        let qemu = try qemu("exit 0")
        let plan = try qemu.plan()
        try FileManager.default.removeItem(atPath: folder.file("qemu"))
        #expect(throws: RunError("cannot start '\(folder.file("qemu"))': no such file or directory")) {
            try qemu.run(plan)
        }
    }

    /// SIGTERM to this program ends the machine, and the machine's status comes back, unless that is 0, as QEMU's is
    /// then; SIGINT too, after which it has its old meaning again.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT], [Int32(21), 0])
    func handsSignalsOn(signal: Int32, status: Int32) throws {
        let qemu = try qemu("trap 'exit \(status)' TERM INT HUP\n: > ready\nwhile :; do sleep 0.02; done")
        let ready = folder.file("ready")
        Thread.detachNewThread {
            while !FileManager.default.fileExists(atPath: ready) { usleep(5000) }
            kill(getpid(), signal)
        }
        #expect(try run(qemu) == (status == 0 ? 128 + signal : status))
    }

    @Test func waitsForTheAnswerAndPowersOff() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response(text: "hello") }
        let lines = AcceleratorProbeTests.Lines()
        let script = "while read -r line <&3; do case $line in *system_powerdown*) exit 0;; esac; done; exit 9"
        #expect(try run(qemu(script, readiness: "http://\(server.host)/", report: lines.add)) == 0)
        #expect(lines.all.count == 2)
        #expect(lines.all.first?.hasPrefix("http://\(server.host)/ answered ") == true)
        #expect(lines.all.first?.contains(" s after the start of the machine:\nHTTP/1.1 200 Scripted\n") == true)
        #expect(lines.all.last?.hasPrefix("powered off in ") == true)
    }

    @Test func anAnswerThatDoesNotComeIsAFailure() throws {
        #expect(try run(qemu("exit 0", readiness: "http://127.0.0.1:9/")) == 1)
    }

    /// PID 1's last words, or the kernel's, decide where QEMU itself has nothing to say.
    @Test(arguments: [
        ("[   14.95] moby: powering off", 0), ("[   14.95] moby: powering off (onboot 000-format failed)", 3),
        ("moby: powering off (service web failed)", 4), ("[    6.30] moby: powering off (root incomplete)", 6),
        ("[    6.30] moby: powering off (tired)", 1), ("[    1.1] Kernel panic - not syncing: x", 5),
        (
            "[    9.00] moby: rebooting (onboot a failed)\r\n[    0.0] Linux version 6.1\r\n[   14.95] moby: powering off",
            0
        ),
    ])
    func returnsTheCause(words: String, status: Int32) throws {
        let lines = AcceleratorProbeTests.Lines()
        #expect(try run(qemu("printf '\(words)\\r\\n' >&4", report: lines.add)) == status)
        #expect(lines.all.count == (status == 0 ? 0 : 1))
        #expect(lines.all.allSatisfy { $0.hasSuffix("(exit code \(status))") })
        // A status of QEMU's own is stronger, but for a panic.
        #expect(try run(qemu("printf '\(words)\\r\\n' >&4; exit 85")) == (status == 5 ? 5 : 85))
    }

    /// A machine that has panicked stays as it is: it is ended.
    @Test func aPanicEndsTheMachine() throws {
        let script = """
            trap 'exit 0' TERM
            printf '[    1.1] Kernel panic - not syncing: No working init found.\\r\\n[    1.2] ---[ end Kernel panic - not syncing: No' >&4
            printf ' working init found. ]---\\r\\n' >&4
            while :; do sleep 0.02; done
            """
        let lines = AcceleratorProbeTests.Lines()
        #expect(try run(qemu(script, report: lines.add)) == 5)
        #expect(lines.all == ["the kernel panicked: No working init found. (exit code 5)"])
    }

    private static let lives = "trap 'exit 0' TERM\nwhile :; do sleep 0.02; done"

    @Test func aLimitEndsTheMachine() throws {
        let lines = AcceleratorProbeTests.Lines()
        var whole = try qemu(Self.lives, report: lines.add)
        whole.limit = .milliseconds(300)
        #expect(try run(whole) == 124)
        var readiness = try qemu(Self.lives, readiness: "up", "console:x", report: lines.add)
        readiness.readiness?.limit = .milliseconds(300)
        #expect(try run(readiness) == 124)
        #expect(
            lines.all == [
                "timed out after 0 s; ending QEMU (exit code 124)",
                "timed out after 0 s waiting for up, console:x; ending QEMU (exit code 124)",
            ])
    }

    @Test func waitsForLinesAndServices() throws {
        let script = """
            printf '\\033[1m[    2.1] moby: up: 2 of 2 services running\\r\\nweb \\033[32mlogin:' >&4
            while read -r line <&3; do case $line in *system_powerdown*) exit 0;; esac; done; exit 9
            """
        let lines = AcceleratorProbeTests.Lines()
        #expect(try run(qemu(script, readiness: "up", "console:^web log.n", report: lines.add)) == 0)
        #expect(lines.all.contains { $0.hasPrefix("all services (2) were running ") })
        #expect(lines.all.contains { $0.hasPrefix("console:^web log.n was seen ") && $0.hasSuffix(": web login:") })
    }

    @Test func aServiceThatDoesNotRunEndsTheWait() throws {
        let lines = AcceleratorProbeTests.Lines()
        let script = "printf 'moby: up: 2 of 3 services running\\n' >&4\n\(Self.lives)"
        #expect(try run(qemu(script, readiness: "up", report: lines.add)) == 1)
        #expect(lines.all == ["the machine is up, but 1 of its 3 services do not run"])
    }

    /// What ended the machine while it was waited for is the code.
    @Test func aFailureEndsTheWait() throws {
        #expect(
            try run(qemu("echo 'moby: powering off (onboot a failed)' >&4", readiness: "up", "http://127.0.0.1:9/"))
                == 3
        )
        #expect(try run(qemu("echo 'moby: powering off' >&4", readiness: "up")) == 1)
    }

    @Test func keepsTheAddressOnASharedNetwork() throws {
        var plan = QEMUPlan(executable: "/bin/true")
        plan.stateFolder = folder.file("deep/state")
        plan.macAddress = "02:11:22:33:44:55"
        _ = try StateFolder.prepare(plan)
        #expect(try MACAddress.kept(in: folder.file("deep/state")) == "02:11:22:33:44:55")
        let other = try MACAddress.kept(in: folder.path)
        #expect(MACAddress.isValid(other) && other != "02:11:22:33:44:55")
        #expect((UInt8(other.prefix(2), radix: 16) ?? 0) & 3 == 2)
    }

    /// A guest in the background: the console in a file, the process number in another.
    @Test func detached() throws {
        let port = try GuestMachine.freePort()
        var machine = GuestProgram.machine()
        machine.detached = true
        machine.networking = .user
        machine.ports = [PublishedPort(host: port, guest: 80)]
        let qemu = QEMU(machine, booting: image, environment: ProcessInfo.processInfo.environment) { _ in }
        let plan = try qemu.plan()
        #expect(try qemu.run(plan) == 0)
        let state = "guest.img-state"
        let words = try #require(try qemu.background(plan)).split(separator: "\n")
        let id = try #require(
            Int32(String(decoding: try folder.read("\(state)/qemu.pid"), as: UTF8.self).split(separator: "\n")[0]))
        defer { kill(id, SIGKILL) }
        #expect(
            words == [
                "machine  guest", "process  \(id)", "state    \(image)-state",
                "console  \(image)-state/console.log",
                "port     127.0.0.1:\(port) -> 80/tcp",
            ])
        let lines = AcceleratorProbeTests.Lines()
        var waiting = qemu
        waiting.report = lines.add
        waiting.readiness = ReadinessWait([try ReadinessCheck(parsing: "console:GUEST READY")], limit: .seconds(120))
        #expect(try waiting.awaitBackground(plan) == 0)
        #expect(lines.all.contains { $0.hasPrefix("console:GUEST READY was seen ") }, "\(lines.all)")
        let end = ContinuousClock.now + .seconds(120)
        var console = ""
        while !console.contains("GUEST READY"), ContinuousClock.now < end {
            console = String(decoding: (try? folder.read("\(state)/console.log")) ?? [], as: UTF8.self)
            usleep(5000)
        }
        #expect(console.contains("GUEST READY"))
        // A machine that is not ready in time is ended.
        waiting.readiness = ReadinessWait([try ReadinessCheck(parsing: "console:never")], limit: .zero)
        #expect(try waiting.awaitBackground(plan) == 124)
        while kill(id, 0) == 0, ContinuousClock.now < end { usleep(5000) }
        #expect(kill(id, 0) != 0)
    }

    /// What the user types during a boot, and what comes of it. The terminal is in order afterwards, however QEMU
    /// ended.
    @Test(arguments: [
        ("\u{3}q", "\u{3}", GuestProgram.status),  // Ctrl-C is the guest's, which gives it back
        ("\u{1}x", "QEMU: Terminated", 0),  // Ctrl-A x
    ])
    func terminal(typed: String, answer: String, status: Int32) throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        try #require(openpty(&master, &slave, nil, nil, nil) == 0)
        defer {
            close(master)
            close(slave)
        }
        var (before, after) = (termios(), termios())
        tcgetattr(slave, &before)
        let screen = Mutex("")
        let keyboard = master
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = read(keyboard, &buffer, buffer.count), count > 0 {
                let said = String(decoding: buffer[..<count], as: UTF8.self)
                let isReady = screen.withLock { text in
                    defer { text += said }
                    return !text.contains("GUEST READY") && (text + said).contains("GUEST READY")
                }
                if isReady { _ = write(keyboard, typed, typed.utf8.count) }
            }
        }
        let environment = ProcessInfo.processInfo.environment
        let qemu = QEMU(GuestProgram.machine(), booting: image, environment: environment) { _ in }
        #expect(try qemu.run(try qemu.plan(), on: slave) == status)
        tcgetattr(slave, &after)
        #expect(before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag)
        let end = ContinuousClock.now + .seconds(120)
        while !screen.withLock({ $0.contains(answer) }), ContinuousClock.now < end { usleep(2000) }
        #expect(screen.withLock { $0.contains(answer) })
    }
}
