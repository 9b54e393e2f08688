internal import Extents
internal import Glibc
internal import MachineModel

/// Finds what would make QEMU fail before it is started, for a better message.
struct Preflight {
    let machine: Machine
    let boot: BootSource
    let environment: [String: String]
    /// The folder of disks that have no path of their own.
    let state: String

    func check() throws {
        for path in boot.files { try checkReadable(path, "the image") }
        try checkForeignFiles()
        if case .kernel(let files) = boot { try checkKernel(files.kernel) }
        for disk in machine.disks { try check(disk) }
        if case .file(let path)? = machine.data { try checkReadable(path, "the data file") }
        for folder in machine.sharedFolders where try !HostFiles.isFolder(folder) {
            throw RunError("--virtiofs: '\(folder)' is not a folder")
        }
        if machine.detached, machine.gui {
            throw RunError("--detached and --gui cannot be combined", hint: "a machine in the background has no window")
        }
        try checkNumbers()
        try checkNetwork()
    }

    /// QEMU's path.
    func qemu() throws -> String {
        guard let model = machine.guest.virtualMachine else {
            throw RunError(
                "moby has no machine for \(machine.guest)",
                hint: "pass --arch: \(Architecture.virtualMachines.map(\.name).joined(separator: ", "))")
        }
        let name = machine.qemu ?? Self.emulator(for: machine.guest)
        if let found = HostFiles.program(name, path: environment["PATH"] ?? "") { return found }
        throw RunError(
            "could not find '\(name)', which is needed to run this image",
            hint: "install QEMU (Debian: apt-get install \(model.debianPackage)), or pass --qemu PATH")
    }

    /// The program that emulates machines of an architecture.
    static func emulator(for architecture: Architecture) -> String { "qemu-system-\(architecture.linuxName)" }

    /// The daemon for shared folders, when there are any.
    func virtiofsd() throws -> String? {
        guard !machine.sharedFolders.isEmpty else { return nil }
        let path = [environment["PATH"] ?? "", "/usr/libexec", "/usr/lib/qemu", "/usr/lib"].joined(separator: ":")
        if let found = HostFiles.program(machine.virtiofsd ?? "virtiofsd", path: path) { return found }
        throw RunError(
            "could not find '\(machine.virtiofsd ?? "virtiofsd")', which shares folders with the guest",
            hint: "install it (Debian 12: apt-get install qemu-system-common), or pass --virtiofsd PATH")
    }

    /// The program that is the machine's TPM, when it has one.
    func swtpm() throws -> String? {
        guard machine.hasTPM else { return nil }
        guard machine.guest.virtualMachine?.deviceOfTPM != nil else {
            throw RunError("--tpm: QEMU has no TPM for \(machine.guest)")
        }
        if let found = HostFiles.program("swtpm", path: environment["PATH"] ?? "") { return found }
        throw RunError(
            "could not find 'swtpm', which is the machine's TPM", hint: "install it (Debian: apt-get install swtpm)")
    }

    /// The UEFI firmware named, or the distribution's.
    func firmware() throws -> QEMUHost.Firmware {
        if let path = machine.firmware {
            try checkReadable(path, "the firmware")
            return .single(path)
        }
        guard let uefi = machine.guest.uefi else {
            throw RunError(
                "\(machine.guest) machines cannot boot from UEFI", hint: "boot kernel and initrd with --kernel")
        }
        if let found = try QEMUHost.Firmware(installed: uefi) { return found }
        throw RunError(
            "no UEFI firmware is installed, which this image needs to boot",
            hint: "install it (Debian: apt-get install \(uefi.debianPackage)), or pass --fw FILE")
    }

    private func checkForeignFiles() throws {
        guard !machine.allowsExternalFiles else { return }
        if case .disk(let path, let format, _) = boot { try ForeignFiles.check(path, format, "the image") }
        for (index, disk) in machine.disks.enumerated() {
            let path = disk.path(index, in: state)
            if try HostFiles.exists(path) { try ForeignFiles.check(path, disk.format(at: path), "--disk:") }
        }
    }

    private func checkReadable(_ path: String, _ what: String) throws {
        let code = access(path, R_OK) == 0 ? 0 : errno
        if code == 0, try !HostFiles.isFolder(path) { return }
        let why = code == 0 ? "it is a folder" : FileError.text(of: code).lowercased()
        let hint = code == EACCES ? "run as the user who built it, or change its mode" : nil
        throw RunError("cannot read \(what) '\(PlainText.short(path))': \(why)", hint: hint)
    }

    /// A wrong file is an error here and not a black screen.
    private func checkKernel(_ path: String) throws {
        let fits: Bool
        if let kernel = KernelFile(head: try HostFiles.head(of: path, count: KernelFile.headLength)) {
            fits =
                kernel.architecture ?? machine.guest == machine.guest
                && machine.guest.virtualMachine?.kernels.contains(kernel.kind) != false
        } else {
            // QEMU loads kernels in more forms for the others: compressed, or without any header.
            fits = machine.guest != .amd64
        }
        guard !fits else { return }
        throw RunError(
            "'\(PlainText.short(path))' is not a kernel for \(machine.guest.linuxName)",
            hint: "for another architecture pass --arch \(Self.others(than: machine.guest))")
    }

    /// `aarch64, riscv64 or s390x`.
    private static func others(than guest: Architecture) -> String {
        let names = Architecture.virtualMachines.filter { $0 != guest }.map(\.linuxName)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }

    private func check(_ disk: Disk) throws {
        if let path = disk.path, try HostFiles.exists(path) {
            guard access(path, R_OK | W_OK) != 0 else { return }
            throw RunError(
                "--disk: '\(PlainText.short(path))' cannot be written: \(FileError.text().lowercased())"
            )
        }
        if let path = disk.path, disk.size == nil {
            throw RunError(
                "--disk: '\(PlainText.short(path))' does not exist",
                hint: "to create it, add its size: --disk \(path),size=4G")
        }
        guard let format = disk.format, !EmptyDisk.formats.contains(format) else { return }
        throw RunError(
            "--disk: a new disk can be raw or qcow2, not \(format.rawValue)",
            hint: "create it first: qemu-img create -f \(format.rawValue) FILE SIZE")
    }

    private func checkNumbers() throws {
        if let cpus = machine.cpus, !(1...255).contains(cpus) {
            throw RunError("--cpus: \(cpus) is not a number of processors", hint: "a number from 1 to 255")
        }
        if let memory = machine.memory, memory < 1 { throw RunError("--mem: \(memory) MiB is not a size") }
        if machine.gui, environment["DISPLAY"] == nil, environment["WAYLAND_DISPLAY"] == nil {
            throw RunError(
                "--gui needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set",
                hint: "omit --gui for a serial console")
        }
    }

    private func checkNetwork() throws {
        switch machine.networking {
        case .user: try PortCheck.check(machine.ports)
        case .tap(let name), .bridge(let name):
            guard try HostFiles.exists("/sys/class/net/\(name)") else {
                throw RunError("--networking: no network interface '\(name)' on this host", hint: "see: ip link")
            }
            fallthrough
        case .none:
            guard machine.ports.isEmpty else {
                throw RunError(
                    "--publish works only with --networking user",
                    hint: "on a tap or bridge the guest has its own address")
            }
        }
    }
}

/// The consoles that a kernel command line names (kernel, admin-guide/serial-console).
struct KernelConsoles {
    /// Names without their settings, e.g. `ttyS0`.
    let names: [String]

    init(_ commandLine: String) {
        names = commandLine.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("console=") }
            .compactMap { $0.dropFirst("console=".count).split(separator: ",").first.map(String.init) }
    }

    /// The warning for a command line that leaves the console shown here empty.
    func warning(for architecture: Architecture) -> String? {
        let shown = architecture.virtualMachine?.consoles ?? []
        guard let wanted = shown.first, !names.contains(where: shown.contains) else { return nil }
        let what =
            names.isEmpty
            ? "the kernel command line names no console"
            : "the kernel's console is \(PlainText.short(names.joined(separator: ", ")))"
        return "warning: \(what), but this terminal shows \(wanted); add console=\(wanted) to kernel.cmdline"
    }
}
