internal import Glibc
internal import MobyBuild

/// Machines of QEMU, on this host.
public struct QEMU: Runner {
    public static let name = "qemu"

    public var machine: Machine
    /// A file to boot from, or the prefix of a build's files.
    public var argument: String
    public var wishes: BootSource.Wishes
    public var console: Console
    /// An answer to wait for once the machine runs.
    public var awaited: Awaited?
    /// Variables of the environment that matter: `PATH`, `HOME`, `XDG_CACHE_HOME`, `MOBY_CACHE`, `TMPDIR`,
    /// `DISPLAY`, `WAYLAND_DISPLAY`, `LINUXKIT_QEMU_ACCEL`.
    public var environment: [String: String]
    /// Takes lines for the user: choices made, warnings.
    public var say: @Sendable (String) -> Void

    public init(
        _ machine: Machine, booting argument: String, wishes: BootSource.Wishes = BootSource.Wishes(), console: Console = .terminal,
        environment: [String: String], say: @escaping @Sendable (String) -> Void
    ) {
        self.machine = machine
        self.argument = argument
        self.wishes = wishes
        self.console = console
        self.environment = environment
        self.say = say
    }

    /// Looks at files, ports and accelerators, and puts the arguments together.
    public func plan() throws -> QEMUPlan {
        let boot = try BootSource.detect(argument, wishes)
        let summary = BuildSummary.read(prefix: BootSource.prefix(argument))
        var machine = machine
        machine.architecture = try machine.architecture ?? architecture(summary)
        let state = machine.state ?? BootSource.prefix(argument) + "-state"
        let preflight = Preflight(machine: machine, boot: boot, environment: environment)
        try preflight.check()
        if machine.detached, awaited != nil {
            throw RunError("--await and --detached exclude each other", hint: "wait with: curl --retry 100 --retry-all-errors URL")
        }
        let qemu = try preflight.qemu()
        let accelerator = try AcceleratorProbe(qemu: qemu, environment: environment, say: say)
            .choose(accelerator(), for: machine.guest)
        var host = QEMUHost(qemu: qemu, accelerator: accelerator, state: state)
        host.memory = memory(summary)
        host.processors = max(1, min(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        host.virtiofsd = try preflight.virtiofsd()
        if boot.uefi { host.firmware = try preflight.firmware() }
        if sharesNetwork { host.macAddress = MACAddress.kept(in: state) }
        switch machine.data {
        case .text(let text)?: host.data = Array(text.utf8)
        case .file(let path)?: host.data = try FileFacts.head(of: path, count: 16 << 20)
        case nil: break
        }
        let console = machine.detached ? Console.file("\(state)/console.log") : console
        var arguments = QEMUArguments(machine, boot, on: host, console: console, controlled: awaited != nil)
        return arguments.build()
    }

    /// Starts QEMU on this terminal and waits for it.
    /// - Returns: QEMU's exit status, which a guest can set through `isa-debug-exit`; 128 and the number for a signal, to it or to this program; 1 when an
    ///   awaited answer did not come and the machine was to be powered off after it.
    public func run(_ plan: QEMUPlan) throws -> Int32 { try run(plan, on: nil) }

    /// - Parameter terminal: a terminal for QEMU in place of this program's standard streams.
    func run(_ plan: QEMUPlan, on terminal: Int32?) throws -> Int32 {
        let helpers = try StateFolder.prepare(plan)
        defer { if !machine.detached { helpers.forEach { $0.stop() } } }
        let settings = terminal.map { Terminal.save($0) } ?? Terminal.save()
        defer { settings?.restore() }
        let control = try awaited.map { _ in try QMP() }
        let forwarding = SignalForwarding.start()
        defer { forwarding.stop() }
        var handles: [Int32: Int32] = [:]
        if let terminal { for number: Int32 in 0...2 { handles[number] = terminal } }
        if let control { handles[QMP.number] = control.guestEnd }
        let child = try ChildProcess.start(plan.executable, plan.arguments, handles: handles)
        forwarding.forward(to: child.id)
        control?.started()
        guard let awaited, let control else { return forwarding.status(of: child.wait()) }
        let verdict = watch(awaited, child, control)
        let status = forwarding.status(of: child.wait())
        let isGood = verdict.wait()
        return awaited.thenPowerOff && status == 0 && !isGood ? 1 : status
    }

    private var sharesNetwork: Bool {
        switch machine.networking {
        case .tap, .bridge: true
        case .user, .none: false
        }
    }

    /// LinuxKit's variable fills a choice that was not made.
    private func accelerator() throws -> Accelerator.Choice {
        guard machine.accelerator == .automatic, let text = environment["LINUXKIT_QEMU_ACCEL"] else { return machine.accelerator }
        return try Accelerator.Choice(parsing: text)
    }

    /// The architecture that a build was for: the last part of `linux/amd64`.
    private func architecture(_ summary: BuildSummary?) throws -> Architecture? {
        let parts = summary?.platform.split(separator: "/") ?? []
        return parts.count > 1 ? try Architecture(parsing: String(parts[1])) : nil
    }

    /// What the build says it needs, and a warning when the user gives less.
    private func memory(_ summary: BuildSummary?) -> Int {
        let least = summary?.minMemoryMiB ?? 0
        if let given = machine.memory, given < least {
            say("warning: --mem \(given)M is less than the \(least) MiB this image needs to boot")
        }
        return max(Machine.defaultMemory, least)
    }
}
