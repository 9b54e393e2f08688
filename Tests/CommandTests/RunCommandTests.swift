import Foundation
import TestSupport
import Testing

/// `moby run` as a user meets it.
struct RunCommandTests {
    @Test(arguments: [
        (["run", "qemu", "-disk", "p.img", "-disk-size", "4G", "x"], 64, "hint: use --disk p.img,size=4G"),
        (["run", "qemu", "README.md"], 1, "'README.md' is not a bootable image"),
        (["run", "qemu", "examples"], 1, "'examples' is a folder without a build"),
        (["run", "qemu", "--await", "ftp://x", "x"], 64, "--await: 'ftp://x' is not a condition to wait for"),
        (["run", "qemu", "--await", "tcp:9", "x"], 64, "--await: port 9 of the host is not published"),
        (
            ["run", "--publish", "8080:80", "--await", "http://example.com/", "x"], 64,
            "--await: 'example.com' is not an address that a port of the guest is published on"
        ),
        (["run", "qemu", "--timeout", "soon", "x"], 64, "--timeout: 'soon' is not a time"),
        (["run", "qemu", "--await-then-poweroff", "x"], 64, "--await-then-poweroff needs --await"),
    ])
    func problems(arguments: [String], status: Int, message: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == Int32(status), "\(result.error)")
        #expect(result.error.contains(message), "\(result.error)")
    }

    @Test func dryRunOfASpecLeavesNoFile() async throws {
        try await withTemporaryDirectory { folder in
            try "kernel: {image: a/b:1}\ninit: [a/b:1]\n".write(
                toFile: folder + "/web.yml", atomically: true, encoding: .utf8)
            let result = try Program.run(["run", "--dry-run", "web.yml"], in: folder)
            #expect(result.status == 0, "\(result.error)")
            #expect(result.output == "moby build --dir . web.yml\n# then QEMU with the files of that build\n")
            #expect(try Program.run(["run", "--dry-run", "none.yml"], in: folder).status == 1)
            try "kernel: {imag: a/b:1}\n".write(toFile: folder + "/wrong.yml", atomically: true, encoding: .utf8)
            #expect(try Program.run(["run", "--dry-run", "wrong.yml"], in: folder).status == 2)
            try FileManager.default.removeItem(atPath: folder + "/wrong.yml")
            #expect(try TestFile.names(in: folder) == ["web.yml"])
        }
    }

    /// Killed with no chance to end its children, the program leaves no QEMU: the kernel ends it.
    @Test func aKilledProgramLeavesNoMachine() async throws {
        try await withTemporaryDirectory { folder in
            let script = "#!/bin/bash\ntrap ': > ended; exit 0' TERM\n: > ready\nwhile :; do sleep 0.02; done\n"
            try TestFile.write(script, to: folder + "/qemu", mode: 0o755)
            let sector = [UInt8](repeating: 0, count: 510) + [0x55, 0xAA]
            try TestFile.write(sector, to: folder + "/disk.img", mode: 0o644)
            let program = try RunningProgram(
                try Program.path(), ["run", "qemu", "--accel", "tcg", "--qemu", "./qemu", "disk.img"], folder: folder)
            let end = ContinuousClock.now + .seconds(60)
            func wait(for name: String) -> Bool {
                while !FileManager.default.fileExists(atPath: "\(folder)/\(name)"), ContinuousClock.now < end {
                    usleep(5000)
                }
                return FileManager.default.fileExists(atPath: "\(folder)/\(name)")
            }
            try #require(wait(for: "ready"), "\(program.text)")
            program.send(SIGKILL)
            #expect(try program.waitForEnd() == 137)
            #expect(wait(for: "ended"))
        }
    }
}
