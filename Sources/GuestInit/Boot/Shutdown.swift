internal import BootLayout
internal import CInit
internal import Glibc

/// Ends the machine: onshutdown, services, all else, disks.
struct Shutdown {
    let ending: EndRequests.Ending
    let machine: Machine
    let supervisor: Supervisor

    /// How long services may take to end.
    static let grace: Milliseconds = 5000

    private var loop: EventLoop { supervisor.environment.loop }

    func perform() -> Never {
        machine.console.say("shutting down")
        supervisor.isClosing = true
        ContainerSequence(
            name: "onshutdown", bundles: Bundle.all(in: BootLayout.onshutdown), environment: supervisor.environment,
            logs: "/run/log/onshutdown", defaultLimit: RuntimeRecord.onshutdownLimit,
            printsOutput: machine.words.printsOutput,
            isCancelled: { machine.isForced }
        ).perform()
        machine.runScripts(in: "/etc/shutdown.d", supervisor.environment) { machine.isForced }
        stopServices()
        stopOthers()
        let isHandled = unmountDisks()
        if machine.isContainer { exit(0) }
        Self.end(ending, machine.console, writing: !isHandled)
    }

    /// Says how the machine ends, as the last thing of all, and ends it.
    static func end(_ ending: EndRequests.Ending, _ console: Console, writing: Bool = true) -> Never {
        console.say(ending.text)
        console.drain()
        while true {
            let result = cinit_reboot(ending.kind.code, writing ? 1 : 0)
            console.say("\(ending.kind.title): \(SystemError.text(of: -result))")
            sleep(5)
        }
    }

    private func stopServices() {
        for service in supervisor.services { supervisor.stop(service, grace: Self.grace) }
        loop.wait(until: loop.now + Self.grace) { machine.isForced || supervisor.services.allSatisfy { !$0.isAlive } }
        if supervisor.services.contains(where: \.isAlive) {
            let names = supervisor.services.filter(\.isAlive).map(\.name).joined(separator: ", ")
            machine.console.say("killed: \(names)")
        }
    }

    /// What is no service: programs of init scripts, daemons of onboot containers, shells.
    private func stopOthers() {
        guard kill(-1, SIGTERM) == 0 else { return }
        let isAlone = { kill(-1, 0) != 0 }
        loop.wait(until: loop.now + 500) {
            loop.turn(atMost: 10)
            return isAlone()
        }
        guard !isAlone() else { return }
        kill(-1, SIGKILL)
        loop.wait(until: loop.now + 500) {
            loop.turn(atMost: 10)
            return isAlone()
        }
    }

    /// How long disks may take to take what was written.
    private static let diskPatience: Milliseconds = 30_000

    /// In a process of its own: a disk or a server that does not answer holds whoever asks it.
    /// - Returns: false when no process could be started; else nothing is left to be waited for.
    private func unmountDisks() -> Bool {
        let disks = MountTable.disks(in: Files.text("/proc/self/mounts") ?? "")
        let pid = Process.withCStrings(disks.map(\.path)) { paths in
            cinit_flush(paths, disks.map { $0.isRemote ? 1 : 0 }, Int32(disks.count))
        }
        guard pid > 0 else { return false }
        var isOver = false
        loop.watch(child: pid) { _ in isOver = true }
        let notice = WaitNotice("disks to be written", limit: Self.diskPatience, environment: supervisor.environment)
        loop.wait(until: loop.now + Self.diskPatience) { isOver || machine.isForced }
        notice.end()
        if !isOver { machine.console.say("disks are still being written; not waiting for them") }
        return true
    }
}

/// What was asked for about the machine's end: the first request decides how, a later one makes it hurry.
struct EndRequests {
    struct Ending: Equatable {
        var kind: ShutdownKind
        /// What failed, when it was not a person who asked: `onboot 000-format failed`.
        var cause: String?

        /// The last line of PID 1, from which `moby run` takes its exit status.
        var text: String { kind.title + (cause.map { " (\($0))" } ?? "") }

        /// An initrd that was cut short, or no disk with the root.
        static let rootIncomplete = Ending(kind: .poweroff, cause: "root incomplete")
    }

    private(set) var ending: Ending?
    /// Asked for a second time: nothing is waited for any more.
    private(set) var isForced = false
    private var since: Milliseconds = 0

    /// One push of a button may be heard twice.
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

    /// What a signal to PID 1 asks for, as busybox's and System V's programs send them.
    init?(signal: Int32) {
        switch signal {
        case SIGUSR1: self = .halt
        case SIGUSR2: self = .poweroff
        case SIGTERM, SIGINT: self = .reboot
        case SIGPWR: self = .poweroff
        default: return nil
        }
    }

    /// The signal that asks PID 1 for this.
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

    /// The word of the kernel shim.
    var code: CChar {
        switch self {
        case .poweroff: CChar(UInt8(ascii: "p"))
        case .reboot: CChar(UInt8(ascii: "r"))
        case .halt: CChar(UInt8(ascii: "h"))
        }
    }
}

extension RuntimeRecord.OnFailure {
    /// What becomes of the machine; nil when it goes on.
    var shutdown: ShutdownKind? {
        switch self {
        case .continue: nil
        case .poweroff: .poweroff
        case .reboot: .reboot
        }
    }
}
