internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// Ends the machine: onshutdown, services, all else, disks.
struct Shutdown {
    let ending: EndRequests.Ending
    let machine: InitProcess
    let supervisor: Supervisor

    /// How long services may take to stop.
    static let grace: Milliseconds = 5000

    private var loop: EventLoop { supervisor.environment.loop }

    func perform() -> Never {
        machine.console.report("shutting down")
        supervisor.close()
        ContainerSequence(
            name: "onshutdown", bundles: machine.bundles(in: BootLayout.onshutdown),
            environment: supervisor.environment,
            logs: "/run/log/onshutdown", defaultLimit: RuntimeRecord.onshutdownLimit,
            printsOutput: machine.words.printsOutput,
            isCancelled: { machine.isForced }
        ).perform()
        machine.runScripts(in: "/etc/shutdown.d", limit: RuntimeRecord.onshutdownLimit, supervisor.environment) {
            machine.isForced
        }
        stopServices()
        stopOthers()
        for service in supervisor.services { service.output?.end() }
        let state = KeptState()
        if !machine.isContainer, state.isOnDisk { machine.attempt(state.saveSeed) }
        let isHandled = unmountDisks()
        // A machine that restarts is watched to its end; one that is off or halted must stay so.
        if ending.kind != .reboot { machine.watchdog?.release() }
        if machine.isContainer { exit(0) }
        Self.end(ending, machine.console, writing: !isHandled)
    }

    /// Reports how the machine ends, as the last line on the console, and ends it.
    static func end(_ ending: EndRequests.Ending, _ console: GuestConsole, writing: Bool = true) -> Never {
        console.report(ending.text)
        console.drain()
        while true {
            let result = cinit_reboot(ending.kind.code, writing ? 1 : 0)
            console.report("\(ending.kind.title): \(SystemError.text(of: -result))")
            sleep(5)
        }
    }

    private func stopServices() {
        let limit = supervisor.stopAll(grace: Self.grace) + Self.killTime
        let alive = { [supervisor] in supervisor.services.filter { $0.isAlive } }
        let notice = WaitNotice(
            "end of \(alive().map { $0.name }.joined(separator: ", "))", limit: limit,
            environment: supervisor.environment)
        loop.wait(until: loop.now + limit) { machine.isForced || alive().isEmpty }
        notice.end()
        if !alive().isEmpty { machine.console.report("killed: \(alive().map { $0.name }.joined(separator: ", "))") }
    }

    /// How long the kernel may take to end processes that were killed.
    private static let killTime: Milliseconds = 2000

    /// Everything else: programs of init scripts, daemons of onboot containers, shells.
    private func stopOthers() {
        guard kill(-1, SIGTERM) == 0 else { return }
        let isAlone = { kill(-1, 0) != 0 }
        loop.wait(until: loop.now + 500) {
            loop.turn(atMost: 10)
            return isAlone()
        }
        guard !isAlone() else { return }
        let names = Process.others()
        if !names.isEmpty { machine.console.report("killed: \(names.joined(separator: ", "))") }
        kill(-1, SIGKILL)
        loop.wait(until: loop.now + 500) {
            loop.turn(atMost: 10)
            return isAlone()
        }
    }

    /// How long disks may take to write data that is still in memory.
    private static let diskTimeout: Milliseconds = 30_000

    /// In a child process: a disk or a server that does not answer blocks its caller.
    /// - Returns: false when the process could not be started.
    private func unmountDisks() -> Bool {
        var disks: [MountedDisks.Disk] = []
        // Without the list, the disks are written, but stay mounted.
        machine.attempt { () throws(SystemError) in disks = try MountedDisks.current() }
        let pid = Process.withCStrings(disks.map { $0.path }) { paths in
            cinit_flush(paths, disks.map { $0.isRemote ? 1 : 0 }, Int32(disks.count), machine.isContainer ? 0 : 1)
        }
        guard pid > 0 else {
            machine.console.report("writing disks: \(SystemError.text(of: -pid))")
            return false
        }
        var isOver = false
        loop.watch(child: pid) { _ in isOver = true }
        let notice = WaitNotice("disks to be written", limit: Self.diskTimeout, environment: supervisor.environment)
        loop.wait(until: loop.now + Self.diskTimeout) { isOver || machine.isForced }
        notice.end()
        if !isOver { machine.console.report("disks are still being written; not waiting any longer") }
        return true
    }
}

/// Requests to end the machine: the first decides how, a later one forces it.
struct EndRequests {
    struct Ending: Equatable {
        var kind: ShutdownKind
        /// The failure that ends the machine, unless a person does: `onboot 000-format failed`.
        var cause: String?

        /// The last line of PID 1. `moby run` derives its exit status from it.
        var text: String { kind.title + (cause.map { " (\($0))" } ?? "") }

        /// A truncated initrd, or no disk with the root.
        static let rootIncomplete = Ending(kind: .poweroff, cause: "root incomplete")
    }

    private(set) var ending: Ending?
    /// Requested a second time: nothing is waited for any more.
    private(set) var isForced = false
    private var since: Milliseconds = 0

    /// One press of a button may arrive twice.
    static let echo: Milliseconds = 2000

    /// - Returns: true when this request is the one that forces.
    mutating func add(_ kind: ShutdownKind, because cause: String? = nil, at now: Milliseconds) -> Bool {
        guard ending != nil else {
            (ending, since) = (Ending(kind: kind, cause: cause), now)
            return false
        }
        guard cause == nil, !isForced, now - since >= Self.echo else { return false }
        isForced = true
        return true
    }
}

/// How a machine ends.
enum ShutdownKind: String, Equatable {
    case poweroff, reboot, halt

    /// The request that a signal to PID 1 makes, as busybox's and System V's programs send them.
    init?(signal: Int32) {
        switch signal {
        case SIGUSR1: self = .halt
        case SIGUSR2: self = .poweroff
        case SIGTERM, SIGINT: self = .reboot
        case SIGPWR: self = .poweroff
        default: return nil
        }
    }

    /// The signal that requests this from PID 1.
    var signal: Int32 {
        switch self {
        case .poweroff: SIGUSR2
        case .reboot: SIGTERM
        case .halt: SIGUSR1
        }
    }

    var title: String {
        switch self {
        case .poweroff: "powering off"
        case .reboot: "rebooting"
        case .halt: "halting"
        }
    }

    var code: cinit_end {
        switch self {
        case .poweroff: CINIT_POWER_OFF
        case .reboot: CINIT_RESTART
        case .halt: CINIT_HALT
        }
    }
}

extension RuntimeRecord.OnFailure {
    /// How the machine ends; nil when it goes on.
    var shutdown: ShutdownKind? {
        switch self {
        case .continue: nil
        case .poweroff: .poweroff
        case .reboot: .reboot
        }
    }
}
