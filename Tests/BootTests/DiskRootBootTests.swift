import Foundation
import MobyRun
import TestSupport
import Testing

/// Machines whose root stays on a disk.
@Suite(.serialized, .bootedAgain) struct DiskRootBootTests {
    /// A package folder with a file that does not compress, others that do, of sizes around blocks, and the check sums
    /// of all.
    private func package(in folder: String, noise: Int) throws {
        let data = folder + "/pkg/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Program.root + "/pkg/busybox/applets", toPath: folder + "/pkg/applets")
        var text = try String(contentsOfFile: Program.root + "/pkg/busybox/build.yml", encoding: .utf8)
        text = text.replacingOccurrences(of: "image: busybox", with: "image: data").replacingOccurrences(
            of: "files:", with: "files:\n  - {path: data, source: data}")
        try text.write(toFile: folder + "/pkg/build.yml", atomically: true, encoding: .utf8)
        let lock = Program.root + "/pkg/busybox/build.lock"
        if FileManager.default.fileExists(atPath: lock) {
            try FileManager.default.copyItem(atPath: lock, toPath: folder + "/pkg/build.lock")
        }
        try Oracle("sh").output(["-c", "head -c \(noise) /dev/urandom > \(data)/noise"])
        for size in [1, 4000, 4096, 4097, 65536, 69633, 200_000, 3_000_000] {
            let lines = (0..<size / 2 + 1).map { "\($0 % 4099 * size % 9973)\n" }.joined()
            try Data(lines.utf8.prefix(size)).write(to: URL(filePath: data + "/text\(size)"))
        }
        try Oracle("sh").output(["-c", "cd \(data) && md5sum * > ../sums && mv ../sums ."])
    }

    private func build(in folder: String, command: String, format: String = "kernel+erofs") throws {
        let packages = Program.root + "/pkg"
        let spec = """
            kernel:
              image: "@pkg:\(Program.root)/kernel"
              cmdline: console=ttyS0
            init: ["@pkg:\(packages)/init", "@pkg:\(packages)/runc"]
            services:
              - name: data
                image: "@pkg:\(folder)/pkg"
                command: ["/bin/sh", "-c", "\(command)"]
                restart: "no"
            """
        try spec.write(toFile: folder + "/disk.yml", atomically: true, encoding: .utf8)
        try Program.moby(["build", "--dir", folder, "--format", format, folder + "/disk.yml"])
    }

    /// The root is larger than the memory; the kernel reads every file as it was.
    @Test(.timeLimit(.minutes(8))) func rootLargerThanMemory() async throws {
        try await withTemporaryDirectory { folder in
            try package(in: folder, noise: 256 << 20)
            try build(in: folder, command: "cd /data && md5sum -c sums && exit 42")
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/disk", cpus: 2, memory: 192) { $0.accelerator = .fixed(.tcg) }
            }
            _ = try machine.line(containing: "mounted with root inode", within: .seconds(120))
            _ = try machine.line(containing: "service data ended: exit status 42", within: .seconds(300))
            machine.pressPowerButton()
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
        }
    }

    /// A root that is a CD image: contents, and what it knows of owners, modes, links and devices.
    @Test(.timeLimit(.minutes(6))) func rootOnADisc() async throws {
        try await withTemporaryDirectory { folder in
            try package(in: folder, noise: 3 << 20)
            let facts = [
                "cd /data", "md5sum -c sums", "test $(stat -c %a /tmp) = 1777",
                "test $(stat -c %a:%u /root) = 700:0", "test $(readlink /bin/ls) = /usr/bin/busybox", "touch /data/new",
                "exit 42",
            ]
            try build(in: folder, command: facts.joined(separator: " && "), format: "kernel+iso")
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/disk", cpus: 2, memory: 192) { $0.accelerator = .fixed(.tcg) }
            }
            _ = try machine.line(containing: "service data ended: exit status 42", within: .seconds(300))
            machine.pressPowerButton()
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
        }
    }

    @Test(.timeLimit(.minutes(6))) func absentRootIsToldWithWhatIsThere() async throws {
        try await withTemporaryDirectory { folder in
            try package(in: folder, noise: 1000)
            try build(in: folder, command: "sleep 1000")
            let line = try String(contentsOfFile: folder + "/disk-cmdline", encoding: .utf8)
            let uuid = try #require(line.split(separator: "UUID=").last)
            let other = line.replacingOccurrences(of: uuid, with: "00000000-0000-8000-8000-000000000000")
            try other.write(toFile: folder + "/disk-cmdline", atomically: true, encoding: .utf8)
            let machine = try GuestMachine.boot(folder + "/disk", memory: 192) { $0.accelerator = .fixed(.tcg) }
            _ = try machine.line(containing: "not found: looked at vda (EROFS, UUID=\(uuid))", within: .seconds(120))
            _ = try machine.line(containing: "appeared within 30 s; powering off", within: .seconds(90))
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
            #expect(!machine.console.contains("Kernel panic"))
        }
    }
}
