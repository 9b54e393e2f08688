internal import Glibc
internal import GuestSystem

/// Asks the processes of a container to end.
///
/// The signal goes to the first process and its process group, as a terminal's does: children that it started get it,
/// daemons in sessions of their own do not, since who started those ends them in order. When the first process has no
/// handler, which for the first of a pid namespace means that nothing happens, it goes to everything in the control
/// group; what then still runs and has no handler either is not worth waiting for.
final class Termination {
    private let pid: pid_t
    private let group: ControlGroup?
    private let signal: Int32
    private let loop: EventLoop
    private let kill: () -> Void
    /// A second signal means haste to some programs.
    private var signalled: Set<pid_t> = []
    private var timer: Int?

    private static let pause: Milliseconds = 20
    /// A container with more processes is not searched.
    private static let manyProcesses = 64

    /// - Parameter kill: ends the container at once; called when it cannot end by itself.
    init(_ pid: pid_t, _ group: ControlGroup?, signal: Int32, loop: EventLoop, kill: @escaping () -> Void) {
        (self.pid, self.group, self.signal) = (pid, group, signal)
        (self.loop, self.kill) = (loop, kill)
        step()
    }

    private func step() {
        guard !isLauncher, let isDeaf = Process.ignores(signal, pid) else { return again() }
        if signalled.insert(pid).inserted { send(to: getpgid(pid) == pid && !isDeaf ? -pid : pid) }
        guard isDeaf else { return }
        let others = (group?.processes ?? []).filter { $0 != pid }
        guard others.count <= Self.manyProcesses else { return others.forEach { send(to: $0) } }
        let willing = others.filter { Process.ignores(signal, $0) == false }
        if willing.isEmpty { return kill() }
        for process in willing where signalled.insert(process).inserted { send(to: process) }
        again()
    }

    /// One that is stopped does not see the signal before it goes on.
    private func send(to target: pid_t) {
        Glibc.kill(target, signal)
        Glibc.kill(target, SIGCONT)
    }

    /// runc has made the process, but it does not execute the program yet, and would lose the signal.
    private var isLauncher: Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/cmdline", limit: 16) else { return false }
        return bytes.starts(with: "runc\0init\0".utf8)
    }

    private func again() { timer = loop.after(Self.pause) { [self] in step() } }

    /// The container has ended: its numbers may be those of other processes soon.
    func cancel() { if let timer { loop.cancel(timer: timer) } }
}
