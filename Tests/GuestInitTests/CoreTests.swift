import BootLayout
import Dispatch
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct KernelCommandLineTests {
    @Test func readsItsWords() {
        let line = KernelCommandLine(
            "ro console=tty0 console=ttyS0,115200n8 moby.debug=1 linuxkit.runc_debug=1 linuxkit.runc_console=1 console=tty0 -- moby.debug=0\n"
        )
        #expect(line.isDebugging && line.isRuncDebugging && line.showsOnboot && !line.wantsLegacyCgroups)
    }

    @Test(arguments: [
        ("", true), ("quiet", false), ("quiet moby.output=1", true), ("moby.output=0", false), ("moby.output=1", true),
        ("moby.output=yes quiet", false), ("quiet=1", true),
    ])
    func decidesWhetherOutputIsShown(text: String, isShown: Bool) {
        #expect(KernelCommandLine(text).printsOutput == isShown)
    }

    @Test(arguments: [
        ("", []), ("panic=5", ["kernel/panic"]), ("panic", ["kernel/panic"]), ("panic_on_oops=1", []),
        ("sysctl.kernel.panic=3", ["kernel/panic"]), ("sysctl/kernel/sysrq=1", ["kernel/sysrq"]),
        ("sysctl.net/ipv4/conf/eth0.5/rp_filter=1", ["net/ipv4/conf/eth0.5/rp_filter"]),
    ])
    func namesSettingsThatTheCommandLineDecides(text: String, names: [String]) {
        #expect(KernelCommandLine(text).settings == Set(names))
    }

    @Test(arguments: ["", "console=ttyS0", "moby.debug", "moby.debug=yes linuxkit.unified_cgroup_hierarchy=1"])
    func otherWordsMeanNothing(text: String) { #expect(KernelCommandLine(text) == KernelCommandLine("")) }

    @Test func namesTheRoot() {
        #expect(
            KernelCommandLine("moby.root=UUID=A6546B33-9B64-880C-90A7-E68902761A1E").root?.kind
                == .uuid("a6546b33-9b64-880c-90a7-e68902761a1e"))
        #expect(KernelCommandLine("moby.root=LABEL=data=1").root?.kind == .label("data=1"))
        #expect(KernelCommandLine("moby.root=/dev/vda").root?.kind == .device("vda"))
        #expect(KernelCommandLine("moby.root=vda").root?.description == "vda")
        #expect(KernelCommandLine("root=/dev/vda").root == nil)
    }

    @Test func unreadableIsAnError() throws {
        #expect(throws: SystemError("reading", "/proc/self/mem", number: EIO)) {
            try KernelCommandLine.current(in: "/proc/self/mem")
        }
        let folder = try TemporaryFolder()
        #expect(try KernelCommandLine.current(in: folder.write("cmdline", "panic=1\n")).settings == ["kernel/panic"])
    }

    @Test func tellsTheWishForOldCgroups() {
        #expect(KernelCommandLine("linuxkit.unified_cgroup_hierarchy=0").wantsLegacyCgroups)
    }
}

struct TimeTextTests {
    @Test(arguments: [(0, "0.00"), (9, "0.00"), (412, "0.41"), (1050, "1.05"), (-5, "0.00"), (123_456, "123.45")])
    func writesSeconds(span: Milliseconds, text: String) { #expect(TimeText.decimal(span) == text) }

    @Test(arguments: [(59_000, "59s"), (61_000, "1m 1s"), (7_260_000, "2h 1m"), (180_000_000, "2d 2h")])
    func writesAges(span: Milliseconds, text: String) { #expect(TimeText.age(span) == text) }
}

struct ProcessTests {
    private func status(pids: String, ignored: String = "0", blocked: String = "0", caught: String = "0") -> String {
        "Name:\tsleep\nNSpid:\t\(pids)\nSigBlk:\t\(blocked)\nSigIgn:\t\(ignored)\nSigCgt:\t\(caught)\n"
    }

    @Test func askingIsInVainWhereNobodyListens() {
        #expect(Process.ignores(SIGTERM, status: status(pids: "300\t1")))
        #expect(!Process.ignores(SIGTERM, status: status(pids: "300\t1", caught: "0000000000004000")))
        // Waits for it by sigwait or signalfd.
        #expect(!Process.ignores(SIGTERM, status: status(pids: "300\t1", blocked: "0000000000004000")))
        // The default action works in a namespace that it is not the first of.
        #expect(!Process.ignores(SIGTERM, status: status(pids: "300")))
        #expect(!Process.ignores(SIGTERM, status: status(pids: "300\t7")))
        #expect(Process.ignores(SIGTERM, status: status(pids: "300", ignored: "0000000000004000")))
        #expect(!Process.ignores(SIGTERM, status: ""))
    }
}

struct ControlGroupTests {
    @Test(arguments: [
        ("0::/web\n", "/web"), ("1:cpu:/x\n0::/a/b\n", "/a/b"), ("0::/\n", nil), ("", nil), ("0::\n", nil),
    ])
    func pathOfAProcess(text: String, path: String?) { #expect(ControlGroup.path(inText: text) == path) }
}

struct FilesTests {
    @Test func readsFilesOfUnknownSize() throws {
        #expect(Files.text("/proc/self/comm")?.isEmpty == false)
        let folder = try TemporaryFolder()
        try folder.write("a/b", String(repeating: "x", count: 100_000))
        #expect(folder.text("a/b")?.utf8.count == 100_000)
        #expect(try Files.read(folder.path + "/a/b", limit: 10)?.count == 10)
        #expect(try Files.read(folder.path + "/none") == nil)
        #expect(try Files.read(folder.path + "/a/b/none") == nil)
    }

    /// Only a missing file or folder is nothing; one that cannot be read is an error.
    @Test func unreadableIsNotMissing() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: SystemError.self) { try Files.read(folder.path) }
        #expect(error?.description == "reading '\(folder.path)': Is a directory")
        symlink("loop", folder.path + "/loop")
        #expect(throws: SystemError.self) { try Files.list(folder.path + "/loop") }
        #expect(throws: SystemError.self) { try Bundle.all(in: folder.path + "/loop") }
        #expect(try Files.list(folder.path + "/none") == [])

        try folder.write("bundle/config.json", "{}")
        symlink("runtime.json", folder.path + "/bundle/runtime.json")
        #expect(throws: BundleError.self) { try Bundle(path: folder.path + "/bundle").record() }
        #expect(try !Bundle(path: folder.path + "/bundle").hasPoststopHooks())
        symlink("config.json", folder.path + "/config.json")
        #expect(throws: SystemError.self) { try Bundle(path: folder.path).hasPoststopHooks() }
    }

    /// A pipe takes 64 KiB at a time.
    @Test func writesAllBytes() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let bytes = [UInt8](repeating: 7, count: 300_000)
        let writer = ends[1]
        DispatchQueue.global().async {
            try? Files.write(bytes, to: writer, "pipe")
            close(writer)
        }
        #expect(try Files.contents(of: ends[0], "pipe", limit: 1 << 20) == bytes)
        close(ends[0])
        #expect(throws: SystemError("writing", "/dev/full", number: ENOSPC)) {
            try Files.write("x", to: "/dev/full")
        }
    }

    @Test func namesAreInOrder() throws {
        let folder = try TemporaryFolder()
        for name in ["010-b", "000-z", "é"] { try folder.write(name, "") }
        #expect(Files.names(in: folder.path) == ["000-z", "010-b", "é"])
        #expect(Files.names(in: folder.path + "/none").isEmpty)
    }

    @Test func foldersAreMadeOnceOnly() throws {
        let folder = try TemporaryFolder()
        try Files.makeDirectories(folder.path + "/a/b/c", mode: 0o1777)
        try Files.makeDirectories(folder.path + "/a/b/c")
        try folder.write("file", "")
        let error = #expect(throws: SystemError.self) { try Files.makeDirectories(folder.path + "/file/x") }
        #expect(error?.description == "creating '\(folder.path)/file/x': Not a directory")
    }
}

struct ShutdownKindTests {
    @Test(arguments: [
        (SIGTERM, ShutdownKind.reboot), (SIGINT, .reboot), (SIGUSR1, .halt), (SIGUSR2, .poweroff), (SIGPWR, .poweroff),
        (SIGHUP, nil),
    ])
    func signalsMeanWhatBusyboxMeans(signal: Int32, kind: ShutdownKind?) {
        #expect(ShutdownKind(signal: signal) == kind)
    }

    @Test(arguments: [ShutdownKind.poweroff, .reboot, .halt]) func ownSignalIsUnderstood(kind: ShutdownKind) {
        #expect(ShutdownKind(signal: kind.signal) == kind)
    }
}

struct RestartRuleTests {
    private func delays(_ policy: RuntimeRecord.Restart, _ outcome: ContainerRun.Outcome, _ spans: [Milliseconds])
        -> [Milliseconds?]
    {
        var rule = RestartRule(policy)
        return spans.map { rule.delay(after: outcome, ranFor: $0) }
    }

    @Test func delaysDoubleUpToALimit() {
        let short = [Milliseconds](repeating: 50, count: 11)
        #expect(
            delays(.onFailure, .ended(.exited(1)), short) == [
                100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
            ])
    }

    @Test func aLongRunBeginsAgain() {
        #expect(delays(.always, .ended(.exited(0)), [5, 5, 10_000, 5]) == [100, 200, 100, 200])
    }

    @Test func whatCannotHealIsTriedThreeTimes() {
        #expect(delays(.always, .hopeless("no runc"), [5, 5, 5, 5]) == [100, 200, nil, nil])
        var rule = RestartRule(.always)
        let outcomes: [ContainerRun.Outcome] = [
            .hopeless(""), .hopeless(""), .failed(""), .hopeless(""), .hopeless(""), .hopeless(""),
        ]
        let isTried = outcomes.map { rule.delay(after: $0, ranFor: 5) != nil }
        #expect(isTried == [true, true, true, true, true, false])
        rule.reset()
        let delay = rule.delay(after: .hopeless(""), ranFor: 5)
        #expect(delay == 100)
    }

    @Test func policyDecides() {
        #expect(delays(.onFailure, .ended(.exited(0)), [5]) == [nil])
        #expect(delays(.onFailure, .ended(.killed(signal: 9)), [5]) == [100])
        #expect(delays(.onFailure, .failed("no runc"), [5]) == [100])
        #expect(delays(.no, .ended(.exited(1)), [5]) == [nil])
        #expect(delays(.always, .ended(.exited(0)), [5]) == [100])
    }
}

struct LogFileTests {
    @Test func keepsSoManyOldFiles() throws {
        let folder = try TemporaryFolder()
        let log = LogFile(folder.path + "/sub/x.log", limit: 10, kept: 2)
        for line in ["first...\n", "second..\n", "third...\n", "fourth..\n"] { log.append(Array(line.utf8)[...]) }
        #expect(Files.names(in: folder.path + "/sub") == ["x.log", "x.log.1", "x.log.2"])
        #expect(folder.text("sub/x.log") == "fourth..\n")
        #expect(folder.text("sub/x.log.2") == "second..\n")
    }

    @Test func goesOnWhereItWas() throws {
        let folder = try TemporaryFolder()
        LogFile(folder.path + "/x", limit: 10).append(Array("12345678\n".utf8)[...])
        let log = LogFile(folder.path + "/x", limit: 10)
        log.append(Array("ab\n".utf8)[...])
        #expect(folder.text("x.1") == "12345678\n")
        #expect(try String(decoding: log.tail(limit: 2), as: UTF8.self) == "")
        #expect(try String(decoding: log.tail(limit: 100), as: UTF8.self) == "ab\n")
    }

    @Test func isNotMadeForNothing() throws {
        let folder = try TemporaryFolder()
        _ = LogFile(folder.path + "/x")
        #expect(Files.names(in: folder.path).isEmpty)
    }
}

struct NetlinkMessageTests {
    @Test func vethIsMadeWithItsPeerAndThenMoved() throws {
        let link = NetworkLink(.init(name: "eth0", add: "", peer: "p"))
        let requests = try link.requests(for: 42) { _ in 7 }
        #expect(requests.count == 1)
        let text = requests[0].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let header = "5c000000" + "1000" + "0506" + "01000000" + "00000000"
        let part = "00000000" + "00000000" + "00000000" + "00000000"
        let name = "0900" + "0300" + "65746830" + "00000000"
        let kind = "0900" + "0100" + "76657468" + "00000000"
        let peer = "1c00" + "0100" + part + "0600" + "0300" + "7000" + "0000"
        let data = "2000" + "0200" + peer
        #expect(text == header + part + name + "3000" + "1200" + kind + data)
    }

    @Test func existingLinksAreMoved() throws {
        let requests = try NetworkLink(.init(name: "eth1")).requests(for: 258) { name in name == "eth1" ? 3 : -1 }
        #expect(
            requests == [
                [
                    40, 0, 0, 0, 16, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8,
                    0, 19, 0, 2, 1, 0, 0,
                ]
            ])
    }

    @Test func linksAreRemoved() {
        #expect(
            NetworkLink.removal(258) == [
                32, 0, 0, 0, 17, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
        #expect(NetworkLink(.init(name: "a", add: "veth", peer: "b")).createdNames == ["a", "b"])
        // An existing link that is only moved must not be removed.
        #expect(NetworkLink(.init(name: "eth1")).createdNames.isEmpty)
    }

    @Test func aNameIsNeeded() {
        #expect(throws: SystemError.self) { try NetworkLink(.init(name: "", add: "dummy")).requests(for: 1) { _ in 1 } }
    }
}

struct ProcessStatusTests {
    @Test(arguments: [
        (0, ProcessStatus.exited(0), "exit status 0"), (0x0300, .exited(3), "exit status 3"),
        (9, .killed(signal: 9), "killed by SIGKILL (9)"),
        (0x8B, .killed(signal: 11), "killed by SIGSEGV (11)"), (34, .killed(signal: 34), "killed by signal 34"),
    ])
    func readsTheWordOfWait(word: Int32, status: ProcessStatus, text: String) {
        #expect(ProcessStatus(word: word) == status)
        #expect(status.text == text)
    }
}

struct TextSearchTests {
    @Test(arguments: [
        ("abcabc", "bc", 1), ("aab", "ab", 1), ("abc", "abc", 0), ("abc", "abcd", nil), ("", "a", nil), ("a", "", nil),
        ("ä=ö", "=ö", 2),
    ])
    func findsTheFirst(text: String, wanted: String, offset: Int?) {
        let found = text.bounds(of: wanted)
        #expect(found.map { text.utf8.distance(from: text.utf8.startIndex, to: $0.lowerBound) } == offset)
        #expect(found.map { String(text[$0]) == wanted } ?? true)
    }

    @Test(arguments: [("a.b..c", "a-b--c"), (".", "-"), ("", ""), ("abc", "abc")])
    func exchangesAll(text: String, expected: String) {
        #expect(text.exchanging(".", for: "-") == expected)
        #expect("aaa".exchanging("aa", for: "b") == "ba")
    }
}
