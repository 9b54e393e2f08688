internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import MachineModel
internal import MobyRun
internal import OCI

struct RunQEMU: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qemu", abstract: "Start a machine in QEMU on this host.",
        usage: "moby run [qemu] [options] <prefix>|<image>|<file>.yml [-- <qemu arguments>...]",
        discussion: HelpText.discussion(
            """
            A YAML file is built first. The console is this terminal: Ctrl-A x ends QEMU, Ctrl-C goes to the guest. Exit code: 0 the guest \
            powered off, 1 QEMU or a readiness check failed, 3 an onboot container failed, 4 a service failed, 5 kernel panic, 6 the root is \
            incomplete, 124 timed out.
            """,
            examples: [
                "moby run web.yml", "moby run qemu --publish 8080:80 --disk data.qcow2,size=4G web",
                "moby run qemu --await up --await-then-poweroff web",
            ], page: "docs/running.md"))

    @OptionGroup(title: "Machine options") var machine: MachineOptions
    @OptionGroup(title: "Run options") var control: RunControlOptions
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Lock options") var lock: LockOptions
    @OptionGroup(title: "Image options") var network: OfflineOption
    @OptionGroup var global: FetchOptions
    @Argument(help: "Prefix of a build's files, an image, or a YAML file.", completion: .file()) var name: String
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments for QEMU.", visibility: .private))
    var qemuArguments: [String] = []

    func run() async throws {
        let isSpec = name.hasSuffix(".yml") || name.hasSuffix(".yaml")
        let prefix = isSpec ? SpecInput.baseName([name]) : name
        let qemu = try qemu(booting: prefix)
        do { try qemu.checkOptions() } catch let error as RunError {
            throw UsageError(error.description, hint: error.hint, command: ["run", "qemu"])
        }
        if isSpec, control.dryRun {
            // Read it to report its errors; packages are left alone.
            _ = try await SpecInput.spec([name], global.source, variables, isOffline: network.offline) { _ in
                "localhost/package"
            }
            print((["moby build --dir ."] + variables.words.map(QEMUPlan.shell) + [name]).joined(separator: " "))
            guard try HostFiles.exists("\(SpecInput.baseName([name]))-build.json") else {
                return print("# then QEMU with the files of that build")
            }
        }
        if isSpec, !control.dryRun {
            var provider = try ImageOptions.defaults(global)
            if network.offline { provider.pull = .never }
            try await SpecBuild([name], provider, lock, global, variables).run()
        }
        let plan = try qemu.plan()
        if control.dryRun { return print(plan) }
        let status = try qemu.run(plan)
        guard status == 0, let facts = try qemu.background(plan) else { throw ExitCode(status) }
        print(facts)
        throw ExitCode(try qemu.awaitBackground(plan))
    }

    private func qemu(booting prefix: String) throws -> QEMU {
        let quiet = global.level == 0
        var qemu = QEMU(
            try machine.machine(extra: qemuArguments), booting: prefix, preferences: machine.preferences,
            environment: Terminal.environment
        ) { line in
            if !quiet { Terminal.error("moby: \(line)") }
        }
        let checks = try control.checks()
        if checks.isEmpty {
            qemu.limit = try control.limit()
        } else {
            qemu.readiness = ReadinessWait(
                checks, limit: try control.limit() ?? ReadinessWait.defaultLimit,
                thenPowerOff: control.awaitThenPoweroff)
        }
        return qemu
    }
}

/// The options that describe a machine, named as in LinuxKit.
struct MachineOptions: ParsableArguments {
    @Option(help: "Number of virtual processors.") var cpus: Int?
    @Option(
        help: ArgumentHelp(
            "Memory: MiB, or with M or G (default: what the build requires, at least 1024).", valueName: "size"))
    var mem: String?
    @Option(
        help: ArgumentHelp(
            "A disk, created if it has a size; repeatable.", valueName: "[file=]path[,size=N[G|M]][,format=F]"))
    var disk: [String] = []
    @Flag(help: "Let disk images refer to other files of this host, such as backing files.") var allowExternal = false
    @Option(help: ArgumentHelp("Publish a port; repeatable.", valueName: "[address:]host:guest[/tcp|udp]")) var publish:
        [String] = []
    @Option(
        help: ArgumentHelp("user, tap,<interface>, bridge,<bridge> or none.", valueName: "mode"),
        completion: .list(["user", "tap,", "bridge,", "none"]))
    var networking = "user"
    @Option(help: "kvm or tcg (default: the first that works).", completion: .list(["kvm", "tcg"])) var accel: String?
    @Option(
        help: ArchitectureOption.machineHelp, completion: Completions.architectures,
        transform: ArchitectureOption.machine)
    var arch: Architecture?
    @Flag(help: "Boot from UEFI.") var uefi = false
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
    @Option(
        help: ArgumentHelp("Name for 'moby ps', 'exec', 'logs' and 'stop' (default: the image's).", valueName: "name"))
    var name: String?
    @Flag(help: "Let 'moby exec' and 'moby logs' reach PID 1 of the machine.") var agent = false
    @Flag(help: "Add a USB controller.") var usb = false
    @Flag(help: "Add a TPM 2.0 in software (swtpm), which keeps its state in the state folder.") var tpm = false
    @Option(help: "A QEMU device; repeatable.") var device: [String] = []
    @Option(help: ArgumentHelp("Share a folder by virtiofs; repeatable.", valueName: "dir"), completion: .directory)
    var virtiofs: [String] = []
    @Option(help: ArgumentHelp("The virtiofsd to start.", valueName: "file"), completion: .file()) var virtiofsd:
        String?

    mutating func validate() throws {
        if data != nil, dataFile != nil { throw ValidationError("--data and --data-file cannot be combined") }
        if let cpus, cpus < 1 { throw ValidationError("--cpus is \(cpus), expected 1 or more") }
        if let name, !MachineRegistry.isName(name) {
            throw ValidationError(
                "--name '\(PlainText.short(name))': expected 1 to 40 letters, digits, '-', '_' or '.'")
        }
        _ = try usage { try machine(extra: []) }
    }

    var preferences: BootPreferences {
        BootPreferences(kernel: kernel, iso: iso, squashfs: squashfs, uefi: uefi)
    }

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
        machine.name = name
        machine.agent = agent
        machine.usb = usb
        machine.hasTPM = tpm
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
