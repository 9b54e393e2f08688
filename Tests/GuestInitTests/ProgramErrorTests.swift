import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

struct ProgramErrorTests {
    /// An ELF64 file that asks for a loader.
    static func elf(loader: String) -> String {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        bytes +=
            number(2, 2) + number(62, 2) + number(1, 4) + number(0, 8) + number(64, 8) + number(0, 8) + number(0, 4)
        bytes += number(64, 2) + number(56, 2) + number(1, 2) + number(0, 6)
        bytes +=
            number(3, 4) + number(4, 4) + number(120, 8) + number(0, 16) + number(loader.utf8.count + 1, 8)
            + number(0, 16)
        return String(decoding: bytes, as: UTF8.self) + loader + "\0"
    }

    private func text(_ line: String, _ program: String, _ root: ProgramRoot) -> String? {
        ProgramError(in: ["something else", line], program: program, root: root)?.text
    }

    @Test func loadersAndInterpretersAreNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write("rootfs/usr/bin/app", Self.elf(loader: "/lib64/ld-linux-x86-64.so.2"))
        try folder.write("rootfs/run.sh", "#! /bin/bash -e\necho\n")
        try folder.write("rootfs/text", "hello\n")
        try folder.write("bound/script", "#!/usr/bin/python3\n")
        symlink("/usr/bin/app", folder.path + "/rootfs/link")
        let root = ProgramRoot(
            folder: folder.path + "/rootfs", binds: [.init(target: "/opt", source: folder.path + "/bound")])
        let missing = ": no such file or directory"
        #expect(
            text("exec /usr/bin/app\(missing)", "app", root)
                == "'app' cannot be started: its loader '/lib64/ld-linux-x86-64.so.2' is not in the image")
        // Links are followed as the container sees them.
        #expect(
            text("exec /link\(missing)", "/link", root)?.contains("its loader '/lib64/ld-linux-x86-64.so.2'") == true)
        #expect(
            text("exec /run.sh\(missing)", "/run.sh", root)
                == "'/run.sh' cannot be started: its interpreter '/bin/bash' is not in the image")
        #expect(
            text("exec /opt/script\(missing)", "/opt/script", root)?.hasSuffix(
                "its interpreter '/usr/bin/python3' is not in the image")
                == true)
        #expect(
            text("exec /usr/bin/app: exec format error", "app", root)?.hasSuffix(
                "it is a program for another processor") == true)
        #expect(
            text("exec /text: exec format error", "/text", root)?.hasSuffix(
                "neither a program nor a script that begins with '#!'") == true)
        let escaped =
            #"level=error msg="runc run failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such file or directory""#
        #expect(text(escaped, "/no/such", root) == "'/no/such' cannot be started: it is not in the image")
        #expect(
            text(#"exec: "nosuch": executable file not found in $PATH: unknown"#, "nosuch", root)
                == "'nosuch' cannot be started: it is not in any directory of PATH")
        #expect(text(#"exec: "/run.sh": permission denied"#, "/run.sh", root)?.contains("not executable") == true)
    }

    /// A program's messages about another program, and other errors of runc, may vanish by another try.
    @Test(arguments: [
        "exec /other: no such file or directory", "sh: exec: line 1: web: not found", "exec", "exec /web", "",
        "exec /web: killed",
        #"runc run failed: mount "/data": no such file or directory"#,
    ])
    func otherLinesAreNoSuchError(line: String) { #expect(text(line, "/web", ProgramRoot(folder: "/")) == nil) }

    @Test func damagedProgramsAreHarmless() throws {
        let folder = try TemporaryFolder()
        let whole = Array(Self.elf(loader: "/lib/ld.so").utf8)
        for length in 0..<whole.count {
            try folder.write("x", String(decoding: whole.prefix(length), as: UTF8.self))
            _ = ProgramFile("/x", in: ProgramRoot(folder: folder.path))
        }
        for index in whole.indices where whole[index] < 0x80 {
            var bytes = whole
            bytes[index] = 0x7F
            try folder.write("x", String(decoding: bytes, as: UTF8.self))
            _ = ProgramFile("/x", in: ProgramRoot(folder: folder.path))
        }
    }
}

struct FailureStreakTests {
    @Test func theFirstIsSaidThenASummaryThenNothing() {
        var streak = FailureStreak()
        let times: [Milliseconds] = [1000, 1100, 1300, 60_900, 61_000, 91_000, 500_000]
        let reports = times.map { streak.add("exit status 1", at: $0) }
        #expect(
            reports == [.first, .nothing, .nothing, .nothing, .summary(failures: 5, span: 60_000), .nothing, .nothing])
        streak.end()
        let later = streak.add("exit status 1", at: 600_000)
        #expect(later == .first)
    }
    /// Another cause is news, but not for ever.
    @Test func newCausesAreReported() {
        var streak = FailureStreak()
        let causes = ["a", "b", "a", "c", "d", "e", "f", "b"]
        let reports = causes.enumerated().map { streak.add($1, at: Milliseconds($0)) }
        #expect(reports == [.first, .first, .nothing, .first, .first, .first, .nothing, .nothing])
    }
}
