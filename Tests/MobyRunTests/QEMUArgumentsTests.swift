import MachineModel
import TestSupport
import Testing

@testable import MobyRun

/// Whole command lines of typical machines, as golden texts.
struct QEMUArgumentsTests {
    private let kernel = BootSource.kernel(
        BootSource.KernelFiles(
            kernel: "out/nginx-kernel", initrd: "out/nginx-initrd.img", commandLine: "console=ttyS0 quiet"))

    private func check(
        _ name: String, _ machine: Machine, _ boot: BootSource, _ accelerator: Accelerator = .kvm,
        console: Console = .terminal,
        _ adjust: (inout QEMUHost) -> Void = { _ in }
    ) throws {
        var machine = machine
        let architecture = machine.architecture ?? .amd64
        machine.architecture = architecture
        var host = QEMUHost(
            qemu: "/usr/bin/qemu-system-\(architecture.linuxName)", accelerator: accelerator, state: "out/nginx-state")
        adjust(&host)
        var arguments = QEMUArguments(machine, boot, on: host, console: console)
        #expect(try Golden.difference(arguments.build().description + "\n", "\(name).txt") == nil)
    }

    @Test func kernelWithPublishedPorts() throws {
        var machine = Machine()
        machine.ports = [try PublishedPort(parsing: "8080:80"), try PublishedPort(parsing: "0.0.0.0:5353:53/udp")]
        try check("kernel-ports", machine, kernel)
    }

    @Test func registeredWithAgent() throws {
        var machine = Machine()
        machine.agent = true
        machine.detached = true
        try check("registered-agent", machine, kernel, console: .file("out/nginx-state/console.log")) {
            $0.sockets = MachineSockets(folder: "/run/user/7/moby/0123,4567")
        }
    }

    @Test func emulatedWithDisksAndData() throws {
        var machine = Machine()
        machine.cpus = 2
        machine.memory = 512
        machine.disks = [
            try Disk(parsing: "size=4"), try Disk(parsing: "file=my,disk.raw".replacing(",", with: "-")),
            try Disk(parsing: "d.img,size=512M,format=raw"),
        ]
        machine.networking = .none
        machine.extraArguments = ["-device", "isa-debug-exit,iobase=0xf4"]
        try check("emulated-disks-data", machine, kernel, .tcg) { $0.data = Array("hello".utf8) }
    }

    @Test func diskWithUEFI() throws {
        try check("disk-uefi", Machine(), .disk("out/nginx-efi.qcow2", .qcow2, uefi: true)) {
            $0.firmware = .split(code: "/usr/share/OVMF/OVMF_CODE.fd", variables: "/usr/share/OVMF/OVMF_VARS.fd")
        }
    }

    @Test func discInTheBackgroundOnTap() throws {
        var machine = Machine()
        machine.networking = .tap(interface: "tap0")
        machine.detached = true
        try check(
            "disc-tap-detached", machine, .iso("out/it's,here.iso", uefi: false),
            console: .file("out/nginx-state/console.log")
        ) {
            $0.macAddress = "02:00:00:00:00:01"
        }
    }

    @Test func sharedFoldersAndWindow() throws {
        var machine = Machine()
        machine.sharedFolders = ["/srv/one", "/srv/two"]
        machine.gui = true
        machine.usb = true
        machine.devices = ["usb-kbd"]
        machine.networking = .bridge("br0")
        try check("shared-folders-gui", machine, kernel) {
            $0.virtiofsd = "/usr/libexec/virtiofsd"
            $0.macAddress = "02:00:00:00:00:01"
        }
    }

    @Test func tpm() throws {
        var machine = Machine()
        machine.hasTPM = true
        try check("tpm", machine, kernel) { $0.swtpm = "/usr/bin/swtpm" }
    }

    @Test func armEmulated() throws {
        var machine = Machine()
        machine.architecture = .arm64
        try check("arm-emulated", machine, kernel, .tcg) { $0.memory = 1500 }
    }

    @Test func erofsIsTheFirstDiskBesideTheInitrd() throws {
        let files = BootSource.KernelFiles(
            kernel: "x-kernel", initrd: "x-initrd.img", commandLine: "console=ttyS0 moby.root=UUID=1",
            root: "x-erofs.img")
        try check("erofs", Machine(), .kernel(files))
    }

    @Test func squashfsIsTheFirstDisk() throws {
        let files = BootSource.KernelFiles(kernel: "x-kernel", commandLine: "console=ttyS0", squashfs: "x-squashfs.img")
        try check("squashfs", Machine(), .kernel(files))
    }
}
