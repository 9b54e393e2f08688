internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// PID 1: brings the machine up, supervises it, ends it. Failures are reported on the console, and it goes on.
final class InitProcess {
    let console = GuestConsole(file: STDERR_FILENO)
    /// True in a container (the docker format), where the host owns devices, clock and network.
    let isContainer: Bool
    var words = KernelCommandLine("")
    var settings = MachineSettings()
    var watchdog: Watchdog?
    let timeline = BootTimeline()
    var modules: ModuleLoader?
    private var requests = EndRequests()
    private var powerKeys: Set<String> = []
    private var agent: Agent?
    /// The boot is complete.
    private var isUp = false

    init(isContainer: Bool) { self.isContainer = isContainer }

    /// Never returns, whatever happens.
    func run() -> Never {
        prepare()
        do {
            live(on: try EventLoop(scope: .all))
        } catch {
            console.report("\(error); nothing can be started")
        }
        while true { pause() }
    }

    func debug(_ text: @autoclosure () -> String) { if words.isDebugging { console.report(text()) } }

    /// How the machine will end, once that was requested.
    var ending: EndRequests.Ending? { requests.ending }
    /// Requested twice: nothing is waited for any more.
    var isForced: Bool { requests.isForced }

    func request(_ kind: ShutdownKind, because cause: String? = nil) {
        if requests.add(kind, because: cause, at: cinit_uptime()) { console.report("requested again: ending at once") }
    }

    /// Boots, waits for a request to end, and ends the machine.
    private func live(on loop: EventLoop) -> Never {
        watchSignals(on: loop)
        if !isContainer {
            watchButtons(on: loop)
            startWatchdog(on: loop)
        }
        let runc = Runc(isDebugging: words.isRuncDebugging)
        var environment = ContainerEnvironment(runc: runc, loop: loop, console: console)
        environment.timeline = timeline
        environment.loadDriver = { [self] in modules?.load(named: $0) == true }
        environment.logTrouble = LogTrouble(console: console)
        let supervisor = Supervisor(
            bundles(in: BootLayout.services), environment: environment, parallel: 2 * Int(cinit_processors()))
        supervisor.givenUp = { [self] name, policy in
            if let kind = policy.shutdown { request(kind, because: "service \(name) failed") }
        }
        supervisor.unhealthy = { [self] in request(.reboot, because: "service \($0) unhealthy") }
        listen(supervisor)
        if !isContainer, words.opensAgent { openAgent(supervisor) }
        runScripts(in: "/etc/init.d", limit: RuntimeRecord.onbootLimit, environment) { [self] in ending != nil }
        Volumes(environment: environment).mountAll()
        timeline.mark("buttons, volumes")
        debug("ready for containers")
        supervisor.startEarly()
        onboot(environment)
        if ending == nil { supervisor.startAll() }
        waitForServices(supervisor)
        if ending == nil { settle(loop, supervisor) }
        loop.wait { ending != nil }
        Shutdown(ending: ending ?? .init(kind: .poweroff), machine: self, supervisor: supervisor).perform()
    }

    /// The bundles of a folder; the console says when it cannot be read.
    func bundles(in folder: String) -> [Bundle] {
        do { return try Bundle.all(in: folder) } catch {
            console.report("\(error)")
            return []
        }
    }

    /// Runs `body`; the console says why it failed.
    func attempt(_ body: () throws(SystemError) -> Void) {
        do { try body() } catch { console.report("\(error)") }
    }

    private func listen(_ supervisor: Supervisor) {
        attempt { () throws(SystemError) in
            // The loop keeps it.
            _ = try ControlServer(path: BootLayout.controlSocket, supervisor: supervisor) { [self] in request($0) }
        }
    }

    private func openAgent(_ supervisor: Supervisor) {
        agent = Agent(supervisor: supervisor, isUp: { [self] in isUp }, shutdown: { [self] in request($0) })
        attempt { () throws(SystemError) in try agent?.openPorts() }
    }

    private func onboot(_ environment: ContainerEnvironment) {
        let sequence = ContainerSequence(
            name: "onboot", bundles: bundles(in: BootLayout.onboot), environment: environment,
            logs: "/run/log/onboot",
            defaultLimit: RuntimeRecord.onbootLimit, writesToConsole: words.showsOnboot,
            printsOutput: words.printsOutput,
            isCancelled: { [self] in ending != nil })
        sequence.perform { [self] bundle, policy in
            guard let kind = policy.shutdown else { return true }
            request(kind, because: "onboot \(bundle.name) failed")
            return false
        }
        // Only now: an onboot container may have mounted a disk.
        if !isContainer { KeptState().begin(attempt) }
        for (target, link) in [("/run/log/onboot", "/var/log/onboot")] where Files.isDirectory(target) {
            attempt { () throws(SystemError) in try Files.makeDirectories("/var/log") }
            symlink(target, link)
        }
    }

    /// Until each service runs or has failed to start; runc has a limit for each.
    private func waitForServices(_ supervisor: Supervisor) {
        let notice = WaitNotice(
            "start of \(supervisor.unsettledNames)", limit: nil, environment: supervisor.environment)
        supervisor.environment.loop.wait { supervisor.isSettled || ending != nil }
        notice.end()
    }

    /// Work that can wait until the services have started.
    private func settle(_ loop: EventLoop, _ supervisor: Supervisor) {
        // Not those that have done their work, nor those that the boot does not need.
        let running = supervisor.services.count { $0.stateName == "running" }
        let wanted =
            running + supervisor.services.count { $0.stateName != "running" && $0.supervision.isRequired && !$0.isDone }
        isUp = true
        supervisor.reportBlocked()
        attempt { () throws(SystemError) in try timeline.end() }
        console.report("up: \(running) of \(wanted) services running")
        guard !isContainer else { return }
        modules?.coldplug(.all)
        watchPowerKeys(on: loop)
    }

    /// Handles the power button and new devices from here on. Events are watched before the drivers load: devices that
    /// appear meanwhile are events, earlier ones are found afterwards.
    private func watchButtons(on loop: EventLoop) {
        watchDevices(on: loop)
        let hasACPIButton = Files.names(in: "/sys/bus/acpi/devices").contains {
            $0.hasPrefix("PNP0C0C:") || $0.hasPrefix("LNXPWRBN:")
        }
        if hasACPIButton { modules?.load(named: "button") }
        if !Files.names(in: "/sys/class/input").isEmpty { modules?.load(named: "evdev") }
        watchPowerKeys(on: loop)
    }

    private func watchSignals(on loop: EventLoop) {
        let signals = [SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR, SIGHUP, SIGPIPE]
        let file = cinit_signals(signals, Int32(signals.count))
        if !isContainer { _ = cinit_catch_ctrl_alt_del() }
        attempt { () throws(SystemError) in
            try SystemError.check(file, "watching", "signals")
            try loop.watch(file: file) { [self] _ in
                while case let signal = cinit_next_signal(file), signal > 0 {
                    if let kind = ShutdownKind(signal: signal) { request(kind) }
                }
            }
        }
    }

    private func watchDevices(on loop: EventLoop) {
        let socket = cinit_device_events()
        attempt { () throws(SystemError) in
            try SystemError.check(socket, "watching", "devices")
            try loop.watch(file: socket) { [self] _ in
                var buffer = [UInt8](repeating: 0, count: 8192)
                while case let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 {
                    guard let event = DeviceEvent(buffer[..<count]) else { continue }
                    // The kernel learns the name of a port after it has added the port.
                    if event.subsystem == "virtio-ports" {
                        attempt { () throws(SystemError) in try agent?.openPorts() }
                    }
                    guard event.action == "add" else { continue }
                    if let alias = event.alias { modules?.load(matching: [alias]) }
                    if event.subsystem == "input" { watchPowerKeys(on: loop) }
                }
            }
        }
    }

    /// Every power button, ACPI's included, powers the machine off.
    private func watchPowerKeys(on loop: EventLoop) {
        for name in Files.names(in: "/dev/input") where name.hasPrefix("event") && !powerKeys.contains(name) {
            let file = open("/dev/input/" + name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { continue }
            guard cinit_has_power_key(file) != 0 else {
                close(file)
                continue
            }
            powerKeys.insert(name)
            attempt { () throws(SystemError) in
                try loop.watch(file: file) { [self] _ in
                    let result = cinit_read_power_key(file)
                    if result > 0 { request(.poweroff) }
                    if result < 0 {
                        loop.forget(file: file)
                        close(file)
                        powerKeys.remove(name)
                    }
                }
            }
        }
    }
}
