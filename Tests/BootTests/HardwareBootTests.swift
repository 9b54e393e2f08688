import Foundation
import MobyRun
import TestSupport
import Testing

/// The kernel for PCs, on a machine without anything virtual: a SATA disk, a USB keyboard, an e1000 network.
@Suite(.bootedAgain, .enabled(if: ImageBootTests.bootsAll)) struct HardwareBootTests {
    private static let spec = """
        kernel:
          image: "@moby:kernel-hardware"
          cmdline: console=ttyS0 cryptomgr.notests
        init: ["@moby:init", "@moby:runc"]
        volumes:
          - {name: sata, device: /dev/sda, format: xfs}
        onboot:
          - name: dhcpcd
            image: "@moby:dhcpcd"
            command: [/sbin/dhcpcd, --nobackground, -f, /dhcpcd.conf, "-1"]
        services:
          - name: look
            image: "@moby:debug"
            binds.add: ["sata:/sata"]
            restart: "no"
            command:
              - /bin/sh
              - -c
              - |
                exec >/dev/console
                grep ' /sata ' /proc/mounts
                ip -br address show eth0
                ls -d /sys/bus/usb/drivers/usbhid/*:*
                for driver in /sys/bus/pci/drivers/e1000 /sys/bus/pci/drivers/ahci; do ls -d $driver/0000:*; done
                echo seen
        """

    @Test(.timeLimit(.minutes(6))) func drivesItsDevices() async throws {
        try await withTemporaryDirectory { folder in
            try Self.spec.write(toFile: folder + "/pc.yml", atomically: false, encoding: .utf8)
            try Program.moby(["build", "--dir", folder, folder + "/pc.yml"])
            try Data().write(to: URL(filePath: "\(folder)/sata.img"))
            truncate("\(folder)/sata.img", 400 << 20)
            let machine = try GuestMachine.boot(until: "seen", within: .seconds(150)) {
                try GuestMachine.boot(folder + "/pc", memory: 768) {
                    $0.accelerator = .fixed(.tcg)
                    $0.networking = .none
                    $0.extraArguments = [
                        "-netdev", "user,id=pc", "-device", "e1000,netdev=pc",
                        "-drive", "if=none,id=sata,format=raw,file=\(folder)/sata.img", "-device", "ide-hd,drive=sata",
                        "-device", "qemu-xhci,id=xhci", "-device", "usb-kbd,bus=xhci.0",
                    ]
                }
            }
            let console = machine.console
            #expect(console.contains("/dev/sda /sata xfs rw"), "\(console)")
            #expect(console.contains(#/eth0 +UP +10\.0\.2\.15/24/#))
            #expect(console.contains("drivers/e1000/0000:"))
            #expect(console.contains("drivers/ahci/0000:"))
            #expect(console.contains("/sys/bus/usb/drivers/usbhid/1-"))
            machine.terminate()
        }
    }
}
