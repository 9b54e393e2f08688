import BootLayout
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct EndRequestsTests {
    @Test func theFirstRequestDecidesAndALaterOneForces() {
        var requests = EndRequests()
        #expect(requests.ending == nil)
        // One push of a button is heard twice, and no failure makes the machine hurry.
        let asked: [(ShutdownKind, cause: String?, time: Milliseconds)] = [
            (.poweroff, "onboot 000-a failed", 1000), (.poweroff, nil, 2999), (.reboot, "service web failed", 9000),
            (.reboot, nil, 9000),
            (.reboot, nil, 19_000),
        ]
        let forces = asked.map { requests.add($0, because: $1, at: $2) }
        #expect(forces == [false, false, false, true, false])
        #expect(requests.isForced)
        #expect(requests.ending == .init(kind: .poweroff, cause: "onboot 000-a failed"))
    }

    /// `moby run` reads these.
    @Test(arguments: [
        (EndRequests.Ending(kind: .poweroff), "powering off"), (.init(kind: .reboot), "rebooting"),
        (.init(kind: .halt), "halting"),
        (.init(kind: .poweroff, cause: "onboot 000-format failed"), "powering off (onboot 000-format failed)"),
        (.init(kind: .reboot, cause: "service web failed"), "rebooting (service web failed)"),
        (.rootIncomplete, "powering off (root incomplete)"),
    ])
    func saysHow(ending: EndRequests.Ending, text: String) { #expect(ending.text == text) }
}

struct InitrdErrorTests {
    @Test(arguments: [
        (
            ["Unpacking initramfs...", "Initramfs unpacking failed: write error"], 400,
            "truncated: not enough memory (512 MiB, 400 MiB free)"
        ),
        (
            ["Initramfs unpacking failed: junk within compressed archive"], 400,
            "could not unpack it: junk within compressed archive"
        ),
        ([], 100, "probably not enough memory (512 MiB, 100 MiB free)"),
        ([], 400, "incomplete, although there is enough memory (512 MiB"),
    ])
    func tellsMemoryFromDamage(log: [String], free: UInt64, text: String) {
        let error = InitrdError(kernelLog: log, total: 512 << 20, free: free << 20)
        #expect(error.lines[0].contains(text), "\(error.lines)")
        #expect(error.lines[1].contains("'/etc/moby/sentinel'"))
    }

    @Test(arguments: [
        (
            "4,12,345,-;Initramfs unpacking failed: write error\n SUBSYSTEM=x\n",
            "Initramfs unpacking failed: write error"
        ), ("6,1,2,-;", ""),
        ("no record", nil),
    ])
    func readsRecordsOfTheKernelLog(record: String, text: String?) {
        #expect(KernelLog.text(ofRecord: Array(record.utf8)[...]) == text)
    }
}

struct OvermountTests {
    @Test func treeIsCopiedWithModesAndLinks() throws {
        let folder = try TemporaryFolder()
        try folder.write("from/var/lib/app/key", "secret", mode: 0o640)
        try folder.write("from/run/new", "new")
        try folder.write("from/tmp/x", "x")
        chmod(folder.path + "/from/tmp", 0o700)
        try Files.makeDirectories(folder.path + "/from/var/cache", mode: 0o2770)
        symlink("../lib", folder.path + "/from/var/link")
        // What is there before: folders with modes of their own, a file in the way of another.
        try Files.makeDirectories(folder.path + "/to/tmp", mode: 0o1777)
        try Files.makeDirectories(folder.path + "/to/var/cache")
        try folder.write("to/run/new", "older and longer")
        var errors: [String] = []
        Overmount(source: folder.path + "/from", target: folder.path + "/to", isMoving: true) { errors.append($0) }
            .perform()
        #expect(errors.isEmpty)
        #expect(
            folder.text("to/var/lib/app/key") == "secret" && folder.text("to/run/new") == "new"
                && folder.text("to/tmp/x") == "x")
        #expect(Files.linkTarget(folder.path + "/to/var/link") == "../lib")
        func mode(_ name: String) -> mode_t {
            var facts = stat()
            return stat(folder.path + "/to/" + name, &facts) == 0 ? facts.st_mode & 0o7777 : 0
        }
        #expect(
            mode("var/lib/app/key") == 0o640 && mode("tmp") == 0o1777 && mode("var/cache") == 0o2770
                && mode("var/lib") == 0o755)
        #expect(!Files.exists(folder.path + "/from"))
    }

    @Test func whatCannotBeCopiedIsReportedAndTheRestIs() throws {
        let folder = try TemporaryFolder()
        try folder.write("from/a/b", "b")
        try folder.write("from/c", "c")
        try folder.write("to/c/in/the/way", "")
        mkfifo(folder.path + "/from/d", 0o600)
        var errors: [String] = []
        Overmount(source: folder.path + "/from", target: folder.path + "/to", isMoving: false) { errors.append($0) }
            .perform()
        #expect(folder.text("to/a/b") == "b" && folder.text("from/a/b") == "b")
        #expect(
            errors == [
                "copying to '\(folder.path)/to/c': Is a directory",
                "copying '\(folder.path)/from/d': Operation not supported",
            ])
    }
}

struct DriversTests {
    private func missing(_ folder: TemporaryFolder, modules: Set<String> = []) -> [String] {
        Drivers(root: folder.path) { modules.contains($0) }.missing()
    }

    @Test func devicesWithoutADriverAreNamed() throws {
        let folder = try TemporaryFolder()
        func device(_ bus: String, _ name: String, _ files: [String: String], driver: String? = nil) throws {
            for (file, text) in files { try folder.write("bus/\(bus)/devices/\(name)/\(file)", text + "\n") }
            if let driver { symlink(folder.path, "\(folder.path)/bus/\(bus)/devices/\(name)/\(driver)") }
        }
        let network = ["class": "0x020000", "vendor": "0x1af4", "device": "0x1000", "modalias": "pci:net"]
        try device("pci", "0000:00:01.0", network)
        try device("pci", "0000:00:02.0", network, driver: "driver")
        try device(
            "pci", "0000:00:03.0",
            ["class": "0x010802", "vendor": "0x1b36", "device": "0x0010", "modalias": "pci:nvme"])
        // A bridge, and the SATA controller that every chipset has.
        try device("pci", "0000:00:1f.0", ["class": "0x060100", "vendor": "0x8086", "device": "0x2918"])
        try device("pci", "0000:00:1f.2", ["class": "0x010601", "vendor": "0x8086", "device": "0x2922"])
        try device("virtio", "virtio0", ["device": "0x0001", "modalias": "virtio:d1"])
        // The balloon.
        try device("virtio", "virtio1", ["device": "0x0005", "modalias": "virtio:d5"])
        #expect(
            missing(folder) == [
                "no driver for PCI device 1af4:1000 (network) in this image",
                "no driver for PCI device 1b36:0010 (NVMe) in this image",
                "no driver for virtio device 1 (network) in this image",
            ])
        #expect(missing(folder, modules: ["pci:net", "pci:nvme", "virtio:d1"]).isEmpty)
    }
}

struct ConsoleTests {
    @Test func linesGoToEveryConsole() throws {
        let folder = try TemporaryFolder()
        let paths = try ["a", "b"].map { try folder.write($0, "") }
        let console = GuestConsole(file: -1) { 1230 }
        console.reopen(paths + [folder.path + "/absent"])
        console.report("hello")
        #expect(folder.text("a") == "[    1.23] moby: hello\r\n" && folder.text("b") == folder.text("a"))
    }

    /// A login that ends hangs up its terminal for all that have it open; what takes its place here is what writing to
    /// a closed pipe gives.
    @Test func aTerminalThatWasHungUpIsOpenedAgain() throws {
        signal(SIGPIPE, SIG_IGN)
        let folder = try TemporaryFolder()
        let path = folder.path + "/terminal"
        mkfifo(path, 0o600)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let console = GuestConsole(file: -1) { 0 }
        console.reopen([path])
        close(reader)
        unlink(path)
        try folder.write("terminal", "")
        console.report("still here")
        #expect(folder.text("terminal")?.contains("still here") == true)
    }

    @Test(arguments: [("tty0 ttyS0\n", ["tty0", "ttyS0"]), ("", []), ("hvc0\n", ["hvc0"])])
    func readsTheKernelsList(text: String, names: [String]) { #expect(GuestConsole.names(in: text) == names) }
}

struct PlainLinesTests {
    @Test(arguments: [
        ("a\nb\n", ["a", "b"]), ("\u{1B}[31mred\u{1B}[0m", ["red"]), ("\u{1B}]0;title\u{07}text", ["text"]),
        ("\u{1B}]0;t\u{1B}\\text", ["text"]),
        ("10 %\r50 %\r100 %\r\nend", ["100 %", "end"]), ("a\tb\u{07}\u{7F}", ["a\tb"]), ("x\u{9B}31my", ["x31my"]),
        ("\u{1B}(Bplain", ["plain"]),
        ("cut\u{1B}[3", ["cut"]), ("\u{1B}", [""]), ("é\n", ["é"]),
    ])
    func linesAreSafeToShow(text: String, lines: [String]) { #expect(PlainLines.lines(text.utf8) == lines) }

    @Test func oneLineIsMadeOfAll() { #expect(PlainLines.line("a\u{1B}[31m\n\nb\u{07}") == "a b") }

    @Test func theLastOnesAreTaken() { #expect(PlainLines.lines("a\nb\nc\n".utf8, limit: 2) == ["b", "c"]) }
}

struct WaitNoticeTests {
    @Test(
        arguments: [(5000, 30_000, "waiting for x (5 s of 30 s)"), (10_000, nil, "waiting for x (10 s, no limit)")]
            as [(
                Milliseconds, Milliseconds?, String
            )])
    func saysHowLong(waited: Milliseconds, limit: Milliseconds?, text: String) {
        #expect(WaitNotice.text("x", waited: waited, limit: limit) == text)
    }
}
