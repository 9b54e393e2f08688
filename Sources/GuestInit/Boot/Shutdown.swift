internal import BootLayout
internal import CInit
internal import Glibc

/// Ends the machine: onshutdown, services, all else, disks.
struct Shutdown {
    let kind: ShutdownKind
    let machine: Machine
    let supervisor: Supervisor

    /// How long services may take to end.
    static let grace: Milliseconds = 5000

    private var loop: EventLoop { supervisor.environment.loop }

    func perform() -> Never {
        machine.console.say(kind.title)
        supervisor.isClosing = true
        ContainerSequence(
            name: "onshutdown", bundles: Bundle.all(in: BootLayout.onshutdown), environment: supervisor.environment,
            logs: "/run/log/onshutdown"
        ).perform()
        machine.runScripts(in: "/etc/shutdown.d", on: loop)
        stopServices()
        stopOthers()
        unmountDisks()
        if machine.isContainer { exit(0) }
        while true {
            let result = cinit_reboot(kind.code)
            machine.console.say("\(kind.title): \(SystemError.text(of: -result))")
            sleep(5)
        }
    }

    private func stopServices() {
        for service in supervisor.services { supervisor.stop(service, grace: Self.grace) }
        let isInTime = loop.wait(until: loop.now + Self.grace) { supervisor.services.allSatisfy { !$0.isAlive } }
        if !isInTime {
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

    private func unmountDisks() {
        sync()
        for disk in MountTable.disks(in: Files.text("/proc/self/mounts") ?? "") { _ = cinit_unmount(disk.path, disk.isRemote ? 1 : 0) }
    }
}
