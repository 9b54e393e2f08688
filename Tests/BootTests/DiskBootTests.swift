import Foundation
import MobyRun
import TestSupport
import Testing

/// Disk images, booted by firmware from every kind of disk, up to a running service.
@Suite(.serialized) struct DiskBootTests {
    /// A machine with one small service, built once for all tests.
    private static let built = Result {
        let folder = FileManager.default.temporaryDirectory.path + "/moby-disks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let packages = Program.root + "/pkg"
        let text = """
            kernel:
              image: "@pkg:\(Program.root)/kernel"
              cmdline: console=ttyS0 moby.test=disk
            init: ["@pkg:\(packages)/init", "@pkg:\(packages)/runc"]
            services:
              - {name: still, image: "@pkg:\(packages)/busybox", command: ["/bin/sh", "-c", "cat /proc/cmdline; sleep 100000"]}
            """
        try text.write(toFile: folder + "/still.yml", atomically: true, encoding: .utf8)
        try Program.moby(["build", "--dir", folder, "--format", "raw,raw-bios,raw-efi,uki", folder + "/still.yml"])
        try Data(count: 1 << 20).write(to: URL(filePath: folder + "/empty.iso"))
        return folder
    }

    static let controllers = [
        ["virtio-blk-pci,drive=real"], ["virtio-scsi-pci,id=s", "scsi-hd,bus=s.0,drive=real"], ["nvme,serial=1,drive=real"],
        ["ide-hd,drive=real"], ["qemu-xhci,id=x", "usb-storage,bus=x.0,drive=real"],
    ]

    private func expectService(_ machine: MachineHandle) throws {
        _ = try machine.line(containing: "1 of 1 services running", within: .seconds(150))
        machine.terminate()
    }

    /// The disk for both firmwares, behind an empty CD that firmware passes by.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true], controllers)
    func diskForBothFirmwares(uefi: Bool, devices: [String]) throws {
        let folder = try Self.built.get()
        let machine = try GuestMachine.boot(folder + "/empty.iso", memory: 512, uefi: uefi) {
            $0.accelerator = .fixed(.tcg)
            $0.extraArguments = ["-drive", "if=none,id=real,format=raw,snapshot=on,file=\(folder)/still.img"]
            for (index, device) in devices.enumerated() {
                $0.extraArguments += ["-device", index == devices.count - 1 ? device + ",bootindex=1" : device]
            }
        }
        try expectService(machine)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["-bios.img", "-efi.img"])
    func diskForOneFirmware(suffix: String) throws {
        let machine = try GuestMachine.boot(Self.built.get() + "/still" + suffix, memory: 512) { $0.accelerator = .fixed(.tcg) }
        try expectService(machine)
        #expect(machine.console.contains("console=ttyS0 moby.test=disk"))
    }
}
