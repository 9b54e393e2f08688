internal import BootLayout
internal import CInit
internal import Glibc

/// PID 1: brings the machine up, looks after it, ends it. Whatever goes wrong is told on the console, and it goes on.
final class Machine {
    let console = Console(file: STDERR_FILENO)
    /// True in a container (the docker format), where devices, clock and network are somebody else's.
    let isContainer: Bool
    var words = KernelCommandLine("")
    var modules: ModuleLoader?
    /// How the machine was asked to end.
    private(set) var ending: ShutdownKind?
    private var powerKeys: Set<String> = []

    init(isContainer: Bool) { self.isContainer = isContainer }

    /// Never returns, whatever happens.
    func run() -> Never {
        prepare()
        do {
            live(on: try EventLoop(scope: .all))
        } catch {
            console.say("\(error); nothing can be started")
        }
        while true { pause() }
    }

    func debug(_ text: @autoclosure () -> String) { if words.isDebugging { console.say(text()) } }

    func request(_ kind: ShutdownKind) {
        if ending == nil { ending = kind }
    }

    /// Boots, waits for the end to be asked for, and ends the machine.
    private func live(on loop: EventLoop) -> Never {
        watchSignals(on: loop)
        let runc = Runc(isDebugging: words.isRuncDebugging)
        var environment = ContainerEnvironment(runc: runc, loop: loop, console: console)
        environment.loadDriver = { [self] in modules?.load(named: $0) == true }
        let supervisor = Supervisor(Bundle.all(in: BootLayout.services), environment: environment, parallel: 2 * Int(cinit_processors()))
        listen(supervisor)
        runScripts(in: "/etc/init.d", on: loop)
        Volumes(environment: environment).mountAll()
        debug("ready for containers")
        onboot(environment)
        if ending == nil { supervisor.startAll() }
        loop.wait { supervisor.isSettled || ending != nil }
        if ending == nil { settle(loop, supervisor) }
        loop.wait { ending != nil }
        Shutdown(kind: ending ?? .poweroff, machine: self, supervisor: supervisor).perform()
    }

    private func listen(_ supervisor: Supervisor) {
        do {
            // The loop keeps it.
            _ = try ControlServer(path: BootLayout.controlSocket, supervisor: supervisor) { [self] in request($0) }
        } catch {
            console.say("\(error)")
        }
    }

    private func onboot(_ environment: ContainerEnvironment) {
        let sequence = ContainerSequence(
            name: "onboot", bundles: Bundle.all(in: BootLayout.onboot), environment: environment, logs: "/run/log/onboot",
            showsOutput: words.showsOnboot, isCancelled: { [self] in ending != nil })
        sequence.perform { [self] policy in
            switch policy {
            case .continue: return true
            case .poweroff: request(.poweroff)
            case .reboot: request(.reboot)
            }
            return false
        }
        // A disk that an onboot container mounted on /var is there only now.
        for (target, link) in [("/run/log/onboot", "/var/log/onboot")] where Files.isDirectory(target) {
            try? Files.makeDirectories("/var/log")
            symlink(target, link)
        }
    }

    /// What could wait until the services had been started.
    private func settle(_ loop: EventLoop, _ supervisor: Supervisor) {
        let running = supervisor.services.count { if case .running = $0.state { true } else { false } }
        console.say("up: \(running) of \(supervisor.services.count) services running")
        guard !isContainer else { return }
        // Watched first: what appears while the drivers load is an event, what was there before is found after.
        watchDevices(on: loop)
        modules?.coldplug(.all)
        watchPowerKeys(on: loop)
    }

    private func watchSignals(on loop: EventLoop) {
        let signals = [SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR, SIGHUP, SIGPIPE]
        let file = cinit_signals(signals, Int32(signals.count))
        guard file >= 0 else { return console.say("signalfd: \(SystemError.text(of: -file))") }
        if !isContainer { _ = cinit_reboot(CChar(UInt8(ascii: "c"))) }
        loop.watch(file: file) { [self] _ in
            while case let signal = cinit_next_signal(file), signal > 0 {
                if let kind = ShutdownKind(signal: signal) { request(kind) }
            }
        }
    }

    private func watchDevices(on loop: EventLoop) {
        let socket = cinit_device_events()
        guard socket >= 0 else { return debug("device events: \(SystemError.text(of: -socket))") }
        loop.watch(file: socket) { [self] _ in
            var buffer = [UInt8](repeating: 0, count: 8192)
            while case let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 {
                guard let event = DeviceEvent(buffer[..<count]), event.action == "add" else { continue }
                if let alias = event.alias { modules?.load(matching: [alias]) }
                if event.subsystem == "input" { watchPowerKeys(on: loop) }
            }
        }
    }

    /// Every power button there is, ACPI's among them, powers the machine off.
    private func watchPowerKeys(on loop: EventLoop) {
        for name in Files.names(in: "/dev/input") where name.hasPrefix("event") && !powerKeys.contains(name) {
            let file = open("/dev/input/" + name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { continue }
            guard cinit_has_power_key(file) != 0 else {
                close(file)
                continue
            }
            powerKeys.insert(name)
            loop.watch(file: file) { [self] _ in
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
