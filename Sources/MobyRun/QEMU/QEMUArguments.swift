internal import BootLayout
internal import MachineModel

/// QEMU's argument list for a machine, put together part by part. Pure: paths are used as they are given.
struct QEMUArguments {
    let machine: Machine
    let boot: BootSource
    let host: QEMUHost
    let console: Console
    private(set) var plan: QEMUPlan
    private var hasSCSI = false

    init(_ machine: Machine, _ boot: BootSource, on host: QEMUHost, console: Console) {
        self.machine = machine
        self.boot = boot
        self.host = host
        self.console = console
        self.plan = QEMUPlan(executable: host.qemu)
    }

    mutating func build() -> QEMUPlan {
        addMachine()
        addConsole()
        addControl()
        addFirmware()
        addBoot()
        for (index, disk) in machine.disks.enumerated() { addDisk(disk, index) }
        addData()
        addNetwork()
        addSharedFolders()
        addTPM()
        add("-device", "virtio-rng-pci")
        if machine.usb { add("-usb") }
        for device in machine.devices { add("-device", device) }
        add(machine.extraArguments)
        return plan
    }

    private mutating func add(_ words: String...) { plan.arguments += words }
    private mutating func add(_ words: [String]) { plan.arguments += words }

    private var memory: Int { machine.memory ?? host.memory }

    private mutating func addMachine() {
        // No default devices: each one costs time at boot, and the PC's default disks and network need drivers that
        // small kernels lack.
        add("-nodefaults", "-no-user-config")
        var type = "accel=\(host.accelerator.rawValue)"
        if !machine.sharedFolders.isEmpty { type += ",memory-backend=mem0" }
        add("-machine", machine.guest.virtualMachine.map { "\($0.type),\(type)" } ?? type)
        if let model = processorModel { add("-cpu", model) }
        add("-smp", "\(machine.cpus ?? host.processors)", "-m", "\(memory)M")
    }

    private var processorModel: String? {
        host.accelerator == .tcg ? machine.guest.virtualMachine?.emulatedProcessor : "host"
    }

    private mutating func addConsole() {
        // Named: at the start it gets a log, which is watched. The monitor is on it too, and leaves Ctrl-C to the
        // guest.
        let serial = ["-serial", "chardev:console"]
        switch console {
        case .terminal where machine.gui:
            add(["-vga", "std", "-chardev", "vc,id=console"] + serial + ["-monitor", "vc"])
        case .terminal:
            add(
                ["-display", "none", "-chardev", "stdio,id=console,mux=on,signal=off"] + serial + [
                    "-mon", "chardev=console",
                ])
        case .stream: add("-display", "none", "-serial", "stdio")
        case .file(let path):
            let process = "\(host.state)/qemu.pid"
            plan.stateFolder = host.state
            plan.background = QEMUPlan.Background(console: path, process: process)
            add("-display", "none")
            if let sockets = host.sockets {
                // The log has everything, whether somebody is connected or not.
                add("-chardev", "\(server("console", sockets.console)),logfile=\(quoted(path))")
                add("-serial", "chardev:console")
            } else {
                add("-serial", "file:\(quoted(path))")
            }
            add("-daemonize", "-pidfile", process)
        }
    }

    /// For `moby stop` and `moby exec`, from another terminal.
    private mutating func addControl() {
        guard let sockets = host.sockets else { return }
        add("-chardev", server("stop", sockets.control), "-mon", "chardev=stop,mode=control")
        guard hasAgent else { return }
        // The first port of the controller is for a console.
        add("-device", "virtio-serial-pci,id=agent,max_ports=\(MachineSockets.agentPorts + 1)")
        for number in 0..<MachineSockets.agentPorts {
            add("-chardev", server("agent\(number)", sockets.agent(number)))
            add("-device", "virtserialport,bus=agent.0,chardev=agent\(number),name=\(BootLayout.agentPort)\(number)")
        }
    }

    /// Whether the guest is to be reached through its agent.
    var hasAgent: Bool { machine.agent || boot.opensAgent }

    private func server(_ id: String, _ path: String) -> String {
        "socket,id=\(id),path=\(quoted(path)),server=on,wait=off"
    }

    private mutating func addFirmware() {
        guard boot.uefi, let firmware = host.firmware else { return }
        switch firmware {
        case .single(let path): add("-bios", path)
        case .split(let code, let variables):
            let store = "\(host.state)/uefi-variables.fd"
            plan.stateFolder = host.state
            plan.copies.append(QEMUPlan.Copy(from: variables, to: store))
            add("-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(quoted(code))")
            add("-drive", "if=pflash,format=raw,unit=1,file=\(quoted(store))")
        }
    }

    private mutating func addBoot() {
        switch boot {
        case .kernel(let files):
            add("-kernel", files.kernel)
            if let initrd = files.initrd { add("-initrd", initrd) }
            var line = files.commandLine
            if machine.agent, !boot.opensAgent { line += " \(BootLayout.agentWord)" }
            if let squashfs = files.squashfs {
                line += " root=/dev/vda"
                addDisk("boot", squashfs, .raw, readOnly: true)
            }
            if let root = files.root { addDisk("boot", root, .raw, readOnly: true) }
            if !line.isEmpty { add("-append", line) }
        case .iso(let path, _):
            addISO("boot", path, bootIndex: 0)
        case .disk(let path, let format, _):
            addDisk("boot", path, format, bootIndex: 0)
        }
    }

    private mutating func addDisk(_ disk: Disk, _ index: Int) {
        let path = disk.path(index, in: host.state)
        let format = disk.format(at: path)
        if disk.path == nil { plan.stateFolder = host.state }
        if let size = disk.size { plan.newDisks.append(QEMUPlan.NewDisk(path: path, format: format, size: size)) }
        addDisk("disk\(index)", path, format)
    }

    private mutating func addData() {
        guard let data = host.data else { return }
        let path = "\(host.state)/data.iso"
        plan.stateFolder = host.state
        plan.dataISO = QEMUPlan.DataISO(path: path, content: data)
        addISO("data", path)
    }

    /// A virtio disk: named in the order given, /dev/vda, /dev/vdb, …, where the names of SCSI disks are a race between
    /// their probes.
    private mutating func addDisk(
        _ id: String, _ path: String, _ format: DiskFormat, readOnly: Bool = false, bootIndex: Int? = nil
    ) {
        addDrive(id, path, format, readOnly: readOnly)
        add("-device", "virtio-blk-pci,drive=\(id)" + (bootIndex.map { ",bootindex=\($0)" } ?? ""))
    }

    /// An ISO, /dev/sr0, on a virtio SCSI controller: the kernels of the clouds support it, but many lack AHCI.
    private mutating func addISO(_ id: String, _ path: String, bootIndex: Int? = nil) {
        if !hasSCSI { add("-device", "virtio-scsi-pci,id=scsi0") }
        hasSCSI = true
        addDrive(id, path, .raw, readOnly: true)
        add("-device", "scsi-cd,bus=scsi0.0,drive=\(id)" + (bootIndex.map { ",bootindex=\($0)" } ?? ""))
    }

    private mutating func addDrive(_ id: String, _ path: String, _ format: DiskFormat, readOnly: Bool) {
        add(
            "-drive", "if=none,id=\(id),format=\(format.rawValue)\(readOnly ? ",readonly=on" : ""),file=\(quoted(path))"
        )
    }

    private mutating func addNetwork() {
        switch machine.networking {
        case .none: return
        case .user: add("-netdev", (["user,id=net0"] + machine.ports.map(\.forward)).joined(separator: ","))
        case .tap(let name): add("-netdev", "tap,id=net0,ifname=\(name),script=no,downscript=no")
        case .bridge(let name): add("-netdev", "bridge,id=net0,br=\(name)")
        }
        if host.macAddress != nil {
            plan.macAddress = host.macAddress
            plan.stateFolder = host.state
        }
        // No boot over the network: its ROM would be loaded and run at each start. A card that can lose its link
        // reports the link twice when its driver starts, and Linux handles such reports only once a second.
        add("-device", "virtio-net-pci,netdev=net0,status=off,romfile=" + (host.macAddress.map { ",mac=\($0)" } ?? ""))
    }

    private mutating func addSharedFolders() {
        guard !machine.sharedFolders.isEmpty else { return }
        plan.stateFolder = host.state
        add("-object", "memory-backend-memfd,id=mem0,size=\(memory)M,share=on")
        for (index, folder) in machine.sharedFolders.enumerated() {
            let socket = "\(host.state)/virtiofs\(index).sock"
            let arguments = ["--socket-path=\(socket)", "-o", "source=\(folder)"]
            plan.helpers.append(
                QEMUPlan.Helper(executable: host.virtiofsd ?? "virtiofsd", arguments: arguments, socket: socket))
            add("-chardev", "socket,id=virtiofs\(index),path=\(quoted(socket))")
            add("-device", "vhost-user-fs-pci,chardev=virtiofs\(index),tag=virtiofs\(index)")
        }
    }

    /// Its state is a file of the state folder. The program ends with QEMU, which alone is connected to it.
    private mutating func addTPM() {
        guard let swtpm = host.swtpm, let device = machine.guest.virtualMachine?.deviceOfTPM else { return }
        plan.stateFolder = host.state
        let socket = "\(host.state)/tpm.sock"
        let arguments = [
            "socket", "--tpm2", "--tpmstate", "dir=\(host.state)", "--ctrl", "type=unixio,path=\(socket)",
            "--terminate",
        ]
        plan.helpers.append(QEMUPlan.Helper(executable: swtpm, arguments: arguments, socket: socket))
        add("-chardev", "socket,id=tpm0,path=\(quoted(socket))", "-tpmdev", "emulator,id=tpm0,chardev=tpm0")
        add("-device", "\(device),tpmdev=tpm0")
    }

    /// A comma ends a value for QEMU; two are one. A colon before the first slash would end the name of a protocol.
    private func quoted(_ path: String) -> String {
        let path = path.prefix { $0 != "/" }.contains(":") ? "./\(path)" : path
        return path.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
