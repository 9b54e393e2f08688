import Foundation
import MobyRun
import TestSupport
import Testing

/// Machines with something wrong in them: the console says what, and PID 1 lives on.
@Suite(.serialized, .bootedAgain) struct FailingServiceTests {
    private func spec(_ rest: String, kernel: String = "cmdline: console=ttyS0") -> String {
        let packages = Program.root + "/pkg"
        let images = rest.replacingOccurrences(of: "BUSYBOX", with: "@pkg:\(packages)/busybox").replacingOccurrences(
            of: "DHCPCD", with: "@pkg:\(packages)/dhcpcd")
        return """
            kernel:
              image: "@pkg:\(Program.root)/kernel"
              \(kernel)
            init: ["@pkg:\(packages)/init", "@pkg:\(packages)/runc"]
            \(images)
            """
    }

    @Test(.timeLimit(.minutes(6))) func errorsAreReportedAndTheBootGoesOn() async throws {
        try await withTemporaryDirectory { folder in
            let text = spec(
                """
                onboot:
                  - {name: fails, image: "BUSYBOX", command: ["/bin/sh", "-c", "echo no luck; exit 3"]}
                  - {name: absent, image: "BUSYBOX", command: ["/no/such/program"]}
                  - {name: slow, image: "BUSYBOX", command: ["/bin/sleep", "1000"], timeout: 7}
                  - name: show
                    image: "BUSYBOX"
                    command: ["/bin/sh", "-c", "stat -c 'root has mode %a' /host; cat /host/var/lib/given; echo; ulimit -Sn; cat /proc/sys/fs/file-max"]
                    binds: ["/:/host:rbind"]
                services:
                  - {name: flaky, image: "BUSYBOX", command: ["/bin/sh", "-c", "sleep 1; exit 4"]}
                  - {name: once, image: "BUSYBOX", command: ["/bin/sh", "-c", "exit 5"], restart: "no"}
                  - {name: script, image: "BUSYBOX", command: ["/given/script"], binds: ["/etc/given:/given"]}
                  - name: pair
                    image: "BUSYBOX"
                    command: ["/bin/sh", "-c", "echo run >> /runs/pair; [ $(wc -l < /runs/pair) -ge 3 ] && exec sleep 10000; exit 1"]
                    net: new
                    binds: ["/run/runs:/runs"]
                    runtime: {mkdir: [/run/runs], interfaces: [{name: ceth0, add: veth, peer: heth1}], bindNS: {net: /run/netns/pair}}
                  - name: third
                    image: "BUSYBOX"
                    command: ["/bin/sh", "-c", "until [ $(cat /runs/pair | wc -l) -ge 3 ]; do sleep 0.2; done; exit 6"]
                    restart: "no"
                    binds: ["/run/runs:/runs"]
                onshutdown:
                  - {name: count, image: "BUSYBOX", command: ["/bin/sh", "-c", "echo pair ran $(wc -l < /runs/pair) times"], binds: ["/run/runs:/runs"]}
                  - {name: hangs, image: "BUSYBOX", command: ["/bin/sleep", "1000"], timeout: 0}
                files:
                  - {path: etc/given/script, contents: "#!/bin/bash\\n", mode: "0755"}
                  - {path: var/lib/given, contents: "given to var"}
                """, kernel: "cmdline: console=tty0 console=ttyS0 console=ttyAMA0")
            try text.write(toFile: folder + "/faults.yml", atomically: true, encoding: .utf8)
            let machine = try BootedMachine.start(spec: folder + "/faults.yml", in: folder).machine
            // In order, but for the services.
            for line in [
                "000-fails failed: exit status 3", "000-fails: no luck",
                "001-absent failed: '/no/such/program' cannot be started: it is not in",
                "waiting for onboot 002-slow (5 s of 7 s)", "002-slow failed: timed out after 7 s",
                "003-show: root has mode 755",
                "003-show: given to var", "003-show: 1024", "003-show: 9223372036854775807",
            ] { _ = try machine.line(containing: line, within: .seconds(120)) }
            for line in [
                "service once ended: exit status 5", "service flaky ended: exit status 4, restarting in 0.10 s",
                "service third ended: exit status 6",
                "its interpreter '/bin/bash' is not in the image; giving up", "moby: up: ",
            ] { _ = try machine.line(containing: line, within: .seconds(90)) }
            // What an earlier run left does not keep the next one from starting.
            #expect(!machine.console.contains("File exists"))
            machine.pressPowerButton()
            _ = try machine.line(containing: "000-count: pair ran 3 times", within: .seconds(60))
            _ = try machine.line(containing: "waiting for onshutdown 001-hangs (5 s, no limit)", within: .seconds(60))
            machine.pressPowerButton()
            _ = try machine.line(containing: "requested again: ending at once", within: .seconds(30))
            _ = try machine.line(containing: "moby: powering off", within: .seconds(60))
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
            #expect(!machine.console.contains("Kernel panic"))
        }
    }

    /// A network card without a driver, and one that nothing answers on: the boot goes on, and the console says what is
    /// missing.
    @Test(
        .timeLimit(.minutes(6)),
        arguments: [
            (
                "cmdline: console=ttyS0\n  modules: [overlay]",
                [
                    "no driver for PCI device 1af4:1000 (network) in this image",
                    "000-dhcpcd: there is no network interface",
                ]
            ),
            (
                "cmdline: console=ttyS0",
                ["waiting for onboot 000-dhcpcd (5 s of 30 s)", "000-dhcpcd: no DHCP server answered on: eth0"]
            ),
        ])
    func aMachineWithoutANetworkComesUp(kernel: String, lines: [String]) async throws {
        try await withTemporaryDirectory { folder in
            let text = spec(
                """
                onboot:
                  - {name: dhcpcd, image: "DHCPCD", command: ["/sbin/dhcpcd", "--nobackground", "-f", "/dhcpcd.conf", "-1", "-t", "6"]}
                services:
                  - {name: still, image: "BUSYBOX", command: ["/bin/sleep", "1000"]}
                """, kernel: kernel)
            try text.write(toFile: folder + "/dumb.yml", atomically: true, encoding: .utf8)
            try Program.moby(["build", "--dir", folder, folder + "/dumb.yml"])
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/dumb", cpus: 2, memory: 512) {
                    $0.accelerator = .fixed(.tcg)
                    // A hub that nothing else is plugged into.
                    $0.networking = .none
                    $0.extraArguments = ["-netdev", "hubport,id=hub,hubid=7", "-device", "virtio-net-pci,netdev=hub"]
                }
            }
            for line in lines + ["moby: up: 1 of 1 services running"] {
                _ = try machine.line(containing: line, within: .seconds(90))
            }
            #expect(machine.console.contains("onboot 000-dhcpcd failed: exit status 1"))
            machine.terminate()
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
            _ = try machine.line(
                containing: "initrd truncated: the kernel could not unpack it", within: .seconds(60))
            _ = try machine.line(containing: "the initrd is damaged", within: .seconds(60))
            _ = try machine.line(containing: "moby: powering off (root incomplete)", within: .seconds(60))
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
        }
    }

    /// What failed is in the last line, from which `moby run` takes its exit status.
    @Test(.timeLimit(.minutes(6))) func theLastLineSaysWhatEndedTheMachine() async throws {
        try await withTemporaryDirectory { folder in
            let text = spec(
                """
                services:
                  - {name: test, image: "BUSYBOX", command: ["/bin/sh", "-c", "echo verdict; exit 1"], onfailure: poweroff}
                """)
            try text.write(toFile: folder + "/last.yml", atomically: true, encoding: .utf8)
            let machine = try BootedMachine.start(spec: folder + "/last.yml", in: folder).machine
            _ = try machine.line(containing: "service test ended: exit status 1", within: .seconds(120))
            _ = try machine.line(containing: "test: verdict", within: .seconds(60))
            _ = try machine.line(containing: "moby: powering off (service test failed)", within: .seconds(60))
            #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
        }
    }
}
