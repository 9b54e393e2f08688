import Foundation
import MobyRun
import TestSupport
import Testing

/// Disk images, booted by firmware from every kind of disk, up to a running service.
@Suite(.serialized, .bootedAgain) struct DiskBootTests {
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
        try Program.moby(["build", "--dir", folder, "--format", "raw,raw-bios,raw-efi,uki,aws", folder + "/still.yml"])
        try Data(count: 1 << 20).write(to: URL(filePath: folder + "/empty.iso"))
        return folder
    }

    static let controllers = [
        ["virtio-blk-pci,drive=real"], ["virtio-scsi-pci,id=s", "scsi-hd,bus=s.0,drive=real"],
        ["nvme,serial=1,drive=real"],
        ["ide-hd,drive=real"], ["qemu-xhci,id=x", "usb-storage,bus=x.0,drive=real"],
    ]

    @discardableResult private func expectService(_ start: @autoclosure () throws -> MachineHandle) throws
        -> MachineHandle
    {
        let machine = try GuestMachine.boot(until: "1 of 1 services running", within: .seconds(120), start)
        machine.terminate()
        return machine
    }

    /// Starts a drive that QEMU is given next to an empty CD that firmware passes by.
    private func start(_ folder: String, drive: String, devices: [String], uefi: Bool) throws -> MachineHandle {
        try GuestMachine.boot(folder + "/empty.iso", memory: 512, uefi: uefi) {
            $0.accelerator = .fixed(.tcg)
            $0.extraArguments = ["-drive", "if=none,id=real,format=raw,\(drive)"]
            for (index, device) in devices.enumerated() {
                $0.extraArguments += ["-device", index == devices.count - 1 ? device + ",bootindex=1" : device]
            }
        }
    }

    /// The disk for both firmwares.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true], controllers)
    func diskForBothFirmwares(uefi: Bool, devices: [String]) throws {
        let folder = try Self.built.get()
        try expectService(start(folder, drive: "snapshot=on,file=\(folder)/still.img", devices: devices, uefi: uefi))
    }

    /// As EC2's newer machines have it.
    @Test(.timeLimit(.minutes(5))) func diskOfEC2OnNVMe() throws {
        let folder = try Self.built.get()
        try expectService(
            start(
                folder, drive: "snapshot=on,file=\(folder)/still.raw", devices: ["nvme,serial=1,drive=real"], uefi: true
            ))
    }

    /// The executable alone, in a folder that QEMU shows as a FAT volume.
    @Test(.timeLimit(.minutes(5))) func unifiedKernelImageFromAFolder() throws {
        let folder = try Self.built.get()
        let boot = folder + "/volume/EFI/BOOT"
        try FileManager.default.createDirectory(atPath: boot, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder + "/still.efi", toPath: boot + "/BOOTX64.EFI")
        let machine = try expectService(
            start(folder, drive: "file=fat:rw:\(folder)/volume", devices: ["virtio-blk-pci,drive=real"], uefi: true))
        #expect(machine.console.contains("console=ttyS0 moby.test=disk"))
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["-bios.img", "-efi.img"])
    func diskForOneFirmware(suffix: String) throws {
        let machine = try expectService(
            GuestMachine.boot(Self.built.get() + "/still" + suffix, memory: 512) { $0.accelerator = .fixed(.tcg) })
        #expect(machine.console.contains("console=ttyS0 moby.test=disk"))
    }
}
