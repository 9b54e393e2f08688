internal import BootLayout
internal import Extents
internal import Glibc
internal import MachineModel
internal import MobyBuild

/// Machines of QEMU, on this host.
public struct QEMU: Sendable {
    public var machine: Machine
    /// A file to boot from, or the prefix of a build's files.
    public var argument: String
    public var preferences: BootPreferences
    public var console: Console
    /// The conditions to wait for once the machine runs.
    public var readiness: ReadinessWait?
    /// How long the machine may run; then it is ended. A wait for conditions has its own limit.
    public var limit: Duration?
    /// Environment variables; those that matter are `PATH`, `HOME`, `XDG_CACHE_HOME`, `MOBY_CACHE`, `TMPDIR`,
    /// `DISPLAY`, `WAYLAND_DISPLAY`, `LINUXKIT_QEMU_ACCEL`.
    public var environment: [String: String]
    /// Takes lines for the user: choices made, warnings.
    public var report: @Sendable (String) -> Void

    public init(
        _ machine: Machine, booting argument: String, preferences: BootPreferences = BootPreferences(),
        console: Console = .terminal,
        environment: [String: String], report: @escaping @Sendable (String) -> Void
    ) {
        self.machine = machine
        self.argument = argument
        self.preferences = preferences
        self.console = console
        self.environment = environment
        self.report = report
    }

    /// Looks at files, ports and accelerators, and puts the arguments together. ``checkOptions()`` comes before.
    public func plan() throws -> QEMUPlan {
        let boot = try BootSource.detect(argument, preferences)
        let record = try BuildRecord.read(prefix: BootSource.prefix(argument)) ?? BuildRecord.listing(argument)?.record
        var machine = machine
        machine.architecture = try machine.architecture ?? architecture(record)
        let state = machine.state ?? BootSource.prefix(argument) + "-state"
        let preflight = Preflight(machine: machine, boot: boot, environment: environment, state: state)
        try preflight.check()
        let qemu = try preflight.qemu()
        let accelerator = try AcceleratorProbe(qemu: qemu, environment: environment, report: report)
            .choose(accelerator(), for: machine.guest)
        var host = QEMUHost(qemu: qemu, accelerator: accelerator, state: state)
        host.memory = memory(record)
        host.processors = max(1, min(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        (host.virtiofsd, host.swtpm) = (try preflight.virtiofsd(), try preflight.swtpm())
        if boot.uefi { host.firmware = try preflight.firmware() }
        if sharesNetwork { host.macAddress = try MACAddress.kept(in: state) }
        switch machine.data {
        case .text(let text)?: host.data = Array(text.utf8)
        case .file(let path)?: host.data = try HostFiles.read(path, limit: 16 << 20)
        case nil: break
        }
        let console = machine.detached ? Console.file("\(state)/console.log") : console
        if let line = boot.commandLine, !machine.gui { KernelConsoles(line).warning(for: machine.guest).map(report) }
        if machine.agent, boot.commandLine == nil {
            report("the agent answers if the image was built with '\(BootLayout.agentWord)' in kernel.cmdline")
        }
        let registry = try registry()
        host.sockets = registry.map { MachineSockets(folder: $0.newFolder()) }
        var arguments = QEMUArguments(machine, boot, on: host, console: console)
        let hasAgent = arguments.hasAgent
        var plan = arguments.build()
        if let registry, let sockets = host.sockets {
            plan.registration = MachineRegistration(
                registry: registry, folder: sockets.folder, name: machine.name ?? MachineRegistry.name(argument),
                isNamed: machine.name != nil, image: argument, ports: machine.ports.map(\.description),
                console: plan.background?.console,
                state: plan.stateFolder, hasAgent: hasAgent)
        }
        return plan
    }

    /// Nil when the machine cannot be registered, which only matters to other commands.
    private func registry() throws -> MachineRegistry? {
        let registry = MachineRegistry(environment: environment)
        do { try registry.check() } catch {
            if machine.agent { throw error }
            report("warning: \(error); 'moby ps' will not list this machine")
            return nil
        }
        return registry
    }

    /// Finds options that cannot be combined, before anything is built or started.
    /// - Throws: ``RunError`` for a condition that cannot become true, or an end for a machine in the background.
    public func checkOptions() throws {
        if machine.detached, limit != nil {
            throw RunError(
                "--detached cannot be combined with --timeout, unless there is an --await to limit",
                hint: "end the machine with 'moby stop', or use 'timeout' without --detached")
        }
        if machine.detached, readiness?.thenPowerOff == true {
            throw RunError(
                "--detached and --await-then-poweroff cannot be combined", hint: "omit one of them")
        }
        try readiness?.check(machine)
    }

    /// Starts QEMU on this terminal and waits for it; a machine in the background runs when this returns 0.
    /// - Returns: a code of ``ExitStatus``; QEMU's exit status where that is not 0, which a guest can set through
    ///   `isa-debug-exit`; 128 and the number for a signal, to it or to this program.
    public func run(_ plan: QEMUPlan) throws -> Int32 { try run(plan, on: nil) }

    /// - Parameter terminal: a terminal for QEMU instead of this program's standard streams.
    func run(_ plan: QEMUPlan, on terminal: Int32?) throws -> Int32 {
        let registered = try RegisteredMachine(plan.registration)
        defer { registered?.end() }
        let helpers = try StateFolder.prepare(plan)
        defer { if plan.background == nil { helpers.forEach { $0.stop() } } }
        let settings = terminal.map { TerminalSettings.save($0) } ?? TerminalSettings.save()
        defer { settings?.restore() }
        let forwarding = SignalForwarding.start()
        defer { forwarding.stop() }
        var handles: [Int32: Int32] = [:]
        if let terminal { for number: Int32 in 0...2 { handles[number] = terminal } }
        guard plan.background == nil else {
            let child = try ChildProcess.start(plan.executable, plan.arguments, handles: handles, outlives: true)
            return try status(of: child, leaving: registered, plan, forwarding)
        }
        let console = try ConsoleWatch(patterns: readiness?.patterns ?? [])
        let control = try QMP()
        handles[ConsoleWatch.number] = console.guestEnd
        handles[QMP.number] = control.guestEnd
        let arguments = plan.arguments + QMP.arguments + ConsoleWatch.arguments
        let child: ChildProcess
        do {
            defer {
                control.started()
                console.started()
            }
            child = try ChildProcess.start(plan.executable, arguments, handles: handles)
        }
        forwarding.forward(to: child.id)
        do { try registered?.started(child.id) } catch {
            child.stop()
            throw error
        }
        let goals = QEMUSupervision.Goals(readiness: readiness, limit: limit, ports: sharesNetwork ? [] : machine.ports)
        let supervision: QEMUSupervision
        do { supervision = try QEMUSupervision(child, console: console, control: control, goals, report: report) } catch
        {
            child.stop()
            throw error
        }
        let qemu = child.wait()
        let status = forwarding.status(of: qemu)
        return supervision.status(of: status, isInterrupted: status != qemu)
    }

    /// QEMU goes to the background once the machine exists.
    private func status(
        of qemu: ChildProcess, leaving registered: RegisteredMachine?, _ plan: QEMUPlan, _ forwarding: SignalForwarding
    ) throws -> Int32 {
        forwarding.forward(to: qemu.id)
        let status = forwarding.status(of: qemu.wait())
        if status == 0 { try registered?.leave(to: plan.processInBackground()) }
        return status
    }

    /// Facts about a machine in the background, one line each; nil for any other.
    /// - Throws: `FileError` when QEMU left no process number.
    public func background(_ plan: QEMUPlan) throws -> String? {
        guard let background = plan.background else { return nil }
        let process = try plan.processInBackground()
        let machine = try MachineRegistry(environment: environment).machines().first { $0.pid == process }
        var lines = machine.map { ["machine  \($0.name)"] } ?? []
        lines.append("process  \(process)")
        if let folder = plan.stateFolder { lines.append("state    \(folder)") }
        lines.append("console  \(background.console)")
        lines += self.machine.ports.map { "port     \($0.address):\($0.host) -> \($0.guest)/\($0.transport.rawValue)" }
        if let name = machine?.name {
            report("its log: moby logs -f \(name); its console: moby console \(name); power it off: moby stop \(name)")
        }
        return lines.joined(separator: "\n")
    }

    private var sharesNetwork: Bool {
        switch machine.networking {
        case .tap, .bridge: true
        case .user, .none: false
        }
    }

    /// LinuxKit's variable is the default of `--accel`.
    private func accelerator() throws -> Accelerator.Choice {
        guard machine.accelerator == .automatic, let text = environment["LINUXKIT_QEMU_ACCEL"] else {
            return machine.accelerator
        }
        return try Accelerator.Choice(parsing: text)
    }

    /// The architecture that a build was for: the second part of `linux/amd64`.
    /// - Throws: ``RunError`` for a record that names an unknown one.
    private func architecture(_ record: BuildRecord?) throws -> Architecture? {
        guard let parts = record?.platform.split(separator: "/"), parts.count > 1 else { return nil }
        do { return try Architecture(parsing: String(parts[1])) } catch {
            throw RunError(
                "unknown architecture '\(PlainText.short(error.name))' in the build record",
                hint: "name one with --arch: \(Architecture.virtualMachines.map(\.name).joined(separator: ", "))")
        }
    }

    /// The memory that the build needs, with a warning when the user gives less.
    private func memory(_ record: BuildRecord?) -> Int {
        let least = record?.minMemoryMiB ?? 0
        if let given = machine.memory, given < least {
            report("warning: --mem \(given)M is less than the \(least) MiB this image needs to boot")
        }
        return max(Machine.defaultMemory, least)
    }
}
