internal import ArgumentParser
internal import FoundationEssentials
internal import MachineModel
internal import MobyBuild
internal import MobyRun
internal import OCI

struct RunQEMU: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qemu", abstract: "Start a machine in QEMU on this host.",
        usage: "moby run [qemu] [options] <prefix>|<image>|<file>.yml [-- <qemu arguments>...]",
        discussion: """
            A YAML file is built first. The console is this terminal: Ctrl-A x ends QEMU, Ctrl-C goes to the guest. Exit code: 0 the guest \
            powered off, 1 QEMU or an awaited answer failed, 3 an onboot container failed, 4 a service failed, 5 kernel panic, 6 the root is \
            incomplete, 124 timed out.
            """)

    @OptionGroup var global: FetchOptions
    @OptionGroup var machine: MachineOptions
    @Option(
        help: ArgumentHelp(
            "Wait for http://127.0.0.1:PORT/ (any status; https unchecked), tcp:[HOST:]PORT, console:REGEX or up (all services run); repeatable.",
            valueName: "what"),
        completion: .list(["http://127.0.0.1:", "tcp:", "console:", "up"]))
    var await: [String] = []
    @Flag(help: "Power the machine off when all that is awaited came, and exit 0.") var awaitThenPoweroff = false
    @Option(
        help: ArgumentHelp(
            "Most that --await may take (default: 300), else the whole run (default: no limit): seconds, or with m or h; exit code 124.",
            valueName: "time"))
    var timeout: String?
    @Flag(help: "Print what would be started, and stop.") var dryRun = false
    @Argument(help: "Prefix of a build's files, an image, or a YAML file.", completion: .file()) var name: String
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments for QEMU.", visibility: .private))
    var qemuArguments: [String] = []

    mutating func validate() throws {
        if awaitThenPoweroff, `await`.isEmpty { throw ValidationError("--await-then-poweroff needs --await") }
        _ = try usage { (try limit(), try things()) }
    }

    func run() async throws {
        let quiet = global.level == 0
        let isSpec = name.hasSuffix(".yml") || name.hasSuffix(".yaml")
        if isSpec, dryRun {
            // Read, so that a wrong one is an error; packages are not looked at.
            _ = try await SpecInput.spec([name], global.source) { _ in "localhost/package" }
            print("moby build --dir . \(name)")
            guard FileManager.default.fileExists(atPath: "\(SpecInput.baseName([name]))-build.json") else {
                return print("# and then QEMU with what it made")
            }
        }
        if isSpec, !dryRun {
            try await SpecBuild([name], ImageOptions.defaults(global), global).run()
        }
        let prefix = isSpec ? SpecInput.baseName([name]) : name
        var qemu = QEMU(
            try machine.machine(extra: qemuArguments), booting: prefix, wishes: machine.wishes,
            environment: Terminal.environment
        ) { line in
            if !quiet { Terminal.error("moby: \(line)") }
        }
        let things = try things()
        if things.isEmpty {
            qemu.limit = try limit()
        } else {
            qemu.awaiting = Awaiting(
                things, limit: try limit() ?? Awaiting.defaultLimit, thenPowerOff: awaitThenPoweroff)
        }
        let plan = try qemu.plan()
        if dryRun { return print(plan) }
        let status = try qemu.run(plan)
        if status == 0, let words = try qemu.background(plan) { print(words) }
        throw ExitCode(status)
    }

    private func things() throws -> [Awaited] { try `await`.map(Awaited.init(parsing:)) }
    private func limit() throws -> Duration? { try timeout.map { try TimeLimit.parse($0, option: "--timeout") } }
}

/// The options that describe a machine, in the words of LinuxKit.
struct MachineOptions: ParsableArguments {
    @Option(help: "Number of virtual processors.") var cpus: Int?
    @Option(
        help: ArgumentHelp(
            "Memory: MiB, or with M or G (default: what the build asks for, 1024 at least).", valueName: "size"))
    var mem: String?
    @Option(
        help: ArgumentHelp(
            "A disk, made when it has a size; repeatable.", valueName: "[file=]path[,size=N[G|M]][,format=F]"))
    var disk: [String] = []
    @Flag(help: "Let disk images name other files of this host, such as backing files.") var allowExternal = false
    @Option(help: ArgumentHelp("Publish a port; repeatable.", valueName: "[address:]host:guest[/tcp|udp]")) var publish:
        [String] = []
    @Option(
        help: ArgumentHelp("user, tap,<interface>, bridge,<bridge> or none.", valueName: "how"),
        completion: .list(["user", "tap,", "bridge,", "none"]))
    var networking = "user"
    @Option(help: "kvm, tcg, or nothing for the first that works.", completion: .list(["kvm", "tcg"])) var accel:
        String?
    @Option(
        help: "x86_64 (amd64), aarch64 (arm64), riscv64 or s390x (default: what was built, else the host's).",
        completion: Completions.architectures, transform: ArchitectureOption.machine)
    var arch: Architecture?
    @Flag(help: "Boot by UEFI.") var uefi = false
    @Flag(help: "The image is an ISO.") var iso = false
    @Flag(help: "Boot kernel and initrd.") var kernel = false
    @Flag(help: "Boot kernel and squashfs.") var squashfs = false
    @Flag(help: "Open a window.") var gui = false
    @Flag(help: "Run in the background; the console goes to a file in the state folder.") var detached = false
    @Option(
        help: ArgumentHelp("Folder of disks and addresses (default: <prefix>-state).", valueName: "dir"),
        completion: .directory)
    var state: String?
    @Option(help: ArgumentHelp("User data for the guest.", valueName: "text")) var data: String?
    @Option(help: ArgumentHelp("File with user data for the guest.", valueName: "file"), completion: .file())
    var dataFile: String?
    @Option(help: ArgumentHelp("UEFI firmware.", valueName: "file"), completion: .file()) var fw: String?
    @Option(help: ArgumentHelp("The QEMU to start.", valueName: "file"), completion: .file()) var qemu: String?
    @Flag(help: "Add a USB controller.") var usb = false
    @Option(help: "A QEMU device; repeatable.") var device: [String] = []
    @Option(help: ArgumentHelp("Share a folder by virtiofs; repeatable.", valueName: "dir"), completion: .directory)
    var virtiofs: [String] = []
    @Option(help: ArgumentHelp("The virtiofsd to start.", valueName: "file"), completion: .file()) var virtiofsd:
        String?

    mutating func validate() throws {
        if data != nil, dataFile != nil { throw ValidationError("--data and --data-file cannot be combined") }
        if let cpus, cpus < 1 { throw ValidationError("--cpus is \(cpus), expected 1 or more") }
        _ = try usage { try machine(extra: []) }
    }

    var wishes: BootSource.Wishes { BootSource.Wishes(kernel: kernel, iso: iso, squashfs: squashfs, uefi: uefi) }

    func machine(extra: [String]) throws -> Machine {
        var machine = Machine()
        machine.cpus = cpus
        machine.memory = try mem.map { try MemorySize.mebibytes($0, unit: .mebibytes, option: "--mem") }
        machine.disks = try disk.map(Disk.init(parsing:))
        machine.allowsExternalFiles = allowExternal
        machine.ports = try publish.map(PublishedPort.init(parsing:))
        machine.networking = try Networking(parsing: networking)
        machine.accelerator = try Accelerator.Choice(
            parsing: accel ?? Terminal.environment["LINUXKIT_QEMU_ACCEL"] ?? "")
        machine.architecture = arch
        machine.gui = gui
        machine.detached = detached
        machine.usb = usb
        machine.devices = device
        machine.sharedFolders = virtiofs
        machine.data = data.map(Machine.UserData.text) ?? dataFile.map(Machine.UserData.file)
        machine.firmware = fw
        machine.state = state
        machine.qemu = qemu
        machine.virtiofsd = virtiofsd
        machine.extraArguments = extra
        return machine
    }
}
