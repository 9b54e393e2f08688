import Foundation
import MobyRun
import TestSupport
import Testing

/// Machines with something wrong in them: the console says what, and PID 1 lives on.
@Suite(.serialized, .bootedAgain) struct FaultBootTests {
    private func spec(_ rest: String) -> String {
        let packages = Program.root + "/pkg"
        return """
            kernel:
              image: "@pkg:\(Program.root)/kernel"
              cmdline: console=ttyS0
            init: ["@pkg:\(packages)/init", "@pkg:\(packages)/runc"]
            \(rest.replacingOccurrences(of: "BUSYBOX", with: "@pkg:\(packages)/busybox"))
            """
    }

    @Test(.timeLimit(.minutes(6))) func faultsAreToldAndTheBootGoesOn() async throws {
        try await withTemporaryDirectory { folder in
            let text = spec(
                """
                onboot:
                  - {name: fails, image: "BUSYBOX", command: ["/bin/sh", "-c", "echo no luck; exit 3"]}
                  - {name: absent, image: "BUSYBOX", command: ["/no/such/program"]}
                  - {name: slow, image: "BUSYBOX", command: ["/bin/sleep", "1000"], timeout: 2}
                services:
                  - {name: flaky, image: "BUSYBOX", command: ["/bin/sh", "-c", "sleep 1; exit 4"]}
                  - {name: once, image: "BUSYBOX", command: ["/bin/sh", "-c", "exit 5"], restart: "no"}
                """)
            try text.write(toFile: folder + "/faults.yml", atomically: true, encoding: .utf8)
            let machine = try BootedMachine.start(spec: folder + "/faults.yml", in: folder).machine
            _ = try machine.line(containing: "000-fails failed: exit status 3", within: .seconds(120))
            _ = try machine.line(containing: "no luck", within: .seconds(60))
            _ = try machine.line(containing: "onboot 001-absent", within: .seconds(60))
            _ = try machine.line(containing: "onboot 002-slow", within: .seconds(60))
            _ = try machine.line(containing: "service once ended: exit status 5", within: .seconds(60))
            _ = try machine.line(containing: "service flaky ended: exit status 4, again in 0.20 s", within: .seconds(90))
            machine.pressPowerButton()
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
            #expect(!machine.console.contains("Kernel panic"))
        }
    }

    /// An initrd without its last entry does not boot half.
    @Test(.timeLimit(.minutes(6))) func shortInitrdStops() async throws {
        try await withTemporaryDirectory { folder in
            try spec("").write(toFile: folder + "/short.yml", atomically: true, encoding: .utf8)
            try Program.moby(["build", "--dir", folder, folder + "/short.yml"])
            let initrd = URL(filePath: folder + "/short-initrd.img")
            let whole = try Data(contentsOf: initrd)
            // The last segment holds the sentinel alone.
            try whole.prefix(whole.count - 64).write(to: initrd)
            let machine = try GuestMachine.boot(folder + "/short", memory: 512) { $0.accelerator = .fixed(.tcg) }
            _ = try machine.line(containing: "initrd", within: .seconds(60))
            _ = try machine.line(containing: "cut short", within: .seconds(60))
            machine.terminate()
        }
    }
}
