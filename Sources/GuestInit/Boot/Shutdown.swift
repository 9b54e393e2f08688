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
