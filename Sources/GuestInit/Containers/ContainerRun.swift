internal import BootLayout
internal import Glibc
internal import GuestSystem

/// One run of a container: runc starts it and exits, which makes PID 1 its parent.
final class ContainerRun {
    enum Outcome: Equatable {
        /// Nothing of the container ran; the reason.
        case failed(String)
        /// Nothing of the container ran, and another try would not change that; the reason.
        case hopeless(String)
        case ended(ProcessStatus)
        /// Ended for a reason that its status does not tell.
        case broken(ProcessStatus, because: String)

        var isSuccess: Bool { self == .ended(.exited(0)) }

        /// Whether the container's output explains more than the outcome.
        var needsOutput: Bool {
            switch self {
            case .failed, .broken: true
            case .hopeless: false
            case .ended: !isSuccess
            }
        }

        var text: String {
            switch self {
            case .failed(let reason), .hopeless(let reason): reason
            case .ended(let status): status.text
            case .broken(let status, let reason): "\(status.text): \(reason)"
            }
        }

        /// The same, or why the program could not be executed if the container's last lines tell.
        func explained(by lines: [String], _ bundle: Bundle) -> Outcome {
            switch self {
            case .failed, .ended(.exited(1...)): ProgramError(in: lines, of: bundle).map { .hopeless($0.text) } ?? self
            case .hopeless, .ended, .broken: self
            }
        }
    }

    private enum Phase { case idle, launching(pid_t), running(pid_t), over }

    private let bundle: Bundle
    private let record: RuntimeRecord
    private let runc: Runc
    private let loop: EventLoop
    private let output: (standard: Int32, errors: Int32)
    private let pidFile: String
    private let isRootFresh: Bool
    private let environment: ContainerEnvironment
    private var phase = Phase.idle
    private(set) var group: ControlGroup?
    private var termination: Termination?
    /// Why PID 1 ends the container.
    private var reason: String?
    private var onRunning: (pid_t) -> Void = { _ in }
    private var onEnd: (Outcome) -> Void = { _ in }

    /// - Parameters:
    ///   - output: files for the container's standard output and errors; runc's errors go there, too.
    ///   - isRootFresh: whether the files of its root have the owners of the image.
    init(
        _ bundle: Bundle, _ record: RuntimeRecord, environment: ContainerEnvironment, output: (Int32, Int32),
        isRootFresh: Bool
    ) {
        self.bundle = bundle
        self.isRootFresh = isRootFresh
        self.record = record
        self.output = output
        runc = environment.runc
        loop = environment.loop
        self.environment = environment
        pidFile = environment.state + "/" + bundle.name + ".pid"
    }

    /// The container's first process, while it runs.
    var pid: pid_t? {
        guard case .running(let pid) = phase else { return nil }
        return pid
    }

    /// Starts; `ended` is called once, `running` before it if the container came up. Neither is called before this
    /// returns.
    func start(running: @escaping (pid_t) -> Void, ended: @escaping (Outcome) -> Void) {
        onRunning = running
        onEnd = ended
        guard record.hasOwners, isRootFresh else { return create() }
        do {
            let pid = try record.startGiving(bundle.root)
            wait(for: pid, "giving '\(bundle.root)' to its users", limit: Self.givingLimit, failure: { $0.errorText }) {
                [self] in create()
            }
        } catch {
            finishSoon(.failed("\(error)"))
        }
    }

    /// A large tree on a slow machine takes its time.
    private static let givingLimit: Milliseconds = 600_000

    private func create() {
        unlink(pidFile)
        let needsStop = !record.interfaces.isEmpty || !record.bindNS.isEmpty
        launch(needsStop ? runc.create(bundle, pidFile: pidFile) : runc.run(bundle, pidFile: pidFile)) { [self] in
            do throws(SystemError) {
                guard let pid = pid_t(try Files.requiredText(pidFile)), pid > 0 else {
                    return finish(.failed("runc wrote no pid"))
                }
                if needsStop { prepareProcess(pid) } else { begin(pid) }
            } catch {
                finish(.failed("\(error)"))
            }
        }
    }

    private func launch(_ command: [String], then next: @escaping () -> Void) {
        guard let path = runc.executable() else { return finishSoon(.hopeless(Runc.missing)) }
        let name = "runc " + (["create", "start"].first(where: command.contains) ?? "run")
        do {
            let pid = try Process.start(
                command, path: path, environment: Runc.environment, output: output.standard, errors: output.errors)
            wait(for: pid, name, limit: environment.launchLimit, failure: { $0.text }, then: next)
        } catch {
            finishSoon([ENOENT, EACCES, ENOEXEC].contains(error.number) ? .hopeless("\(error)") : .failed("\(error)"))
        }
    }

    /// Waits for a process that takes part in the start; `next` is called when it has succeeded.
    private func wait(
        for pid: pid_t, _ name: String, limit: Milliseconds, failure: @escaping (ProcessStatus) -> String,
        then next: @escaping () -> Void
    ) {
        phase = .launching(pid)
        var isLate = false
        let timer = loop.after(limit) { [self] in
            isLate = true
            kill(-pid, SIGKILL)
            finish(.failed("\(name): timed out after \(limit / 1000) s"))
        }
        loop.watch(child: pid) { [self] status in
            loop.cancel(timer: timer)
            if isLate { return }
            if status.isSuccess { next() } else { finish(.failed("\(name): \(failure(status))")) }
        }
    }

    /// Between `runc create` and `runc start`: the network links and the files that hold its namespaces.
    private func prepareProcess(_ pid: pid_t) {
        group = ownGroup(of: pid)
        do {
            try environment.links.move(record.interfaces, of: bundle.name, in: pid, loadDriver: environment.loadDriver)
            for (kind, path) in record.bindNS.sorted(by: { $0.key < $1.key }) {
                try NamespaceFile(kind: kind, path: path).bind(to: pid)
            }
        } catch {
            kill(pid, SIGKILL)
            return finish(.failed("\(error)"))
        }
        launch(runc.start(bundle)) { [self] in begin(pid) }
    }

    private func begin(_ pid: pid_t) {
        phase = .running(pid)
        group = ownGroup(of: pid) ?? group
        onRunning(pid)
        loop.watch(child: pid) { [self] status in finish(outcome(status)) }
    }

    private func outcome(_ status: ProcessStatus) -> Outcome {
        let cause = reason ?? (status.isSuccess ? nil : group?.outOfMemory.cause(limit: group?.memory.limit))
        return cause.map { .broken(status, because: $0) } ?? .ended(status)
    }

    /// Nil when the process shares the group of PID 1, which must not be killed.
    private func ownGroup(of pid: pid_t) -> ControlGroup? {
        guard let group = ControlGroup(of: pid), group != ControlGroup(of: getpid()) else { return nil }
        return group
    }

    private func finishSoon(_ outcome: Outcome) { loop.after(0) { [self] in finish(outcome) } }

    private func finish(_ outcome: Outcome) {
        phase = .over
        termination?.cancel()
        termination = nil
        unlink(pidFile)
        onEnd(outcome)
        // The handlers hold what holds this run.
        onRunning = { _ in }
        onEnd = { _ in }
    }

    /// Asks a container that runs to end; one that cannot is killed.
    /// - Parameters:
    ///   - reason: why, unless a person asked for it.
    ///   - killed: called when it still runs after `grace` and is killed for that.
    func terminate(
        signal: Int32 = SIGTERM, grace: Milliseconds, because reason: String? = nil, killed: @escaping () -> Void = {}
    ) {
        if self.reason == nil { self.reason = reason }
        guard case .running(let pid) = phase else { return destroy() }
        guard termination == nil else { return }
        termination = Termination(pid, group, signal: signal, loop: loop) { [self] in destroy() }
        loop.after(grace) { [self] in
            guard case .running = phase else { return }
            killed()
            destroy()
        }
    }

    /// Kills the container and everything in its group.
    func destroy() {
        switch phase {
        case .launching(let pid): kill(-pid, SIGKILL)
        case .running(let pid):
            if group?.kill() != true { kill(pid, SIGKILL) }
        case .idle, .over: break
        }
    }

    /// Deletes the container's state, so that it can run again.
    /// - Parameter sparingDaemons: leaves processes alive that the container left running.
    func forget(sparingDaemons: Bool, then next: @escaping () -> Void) {
        if let group, group.hasProcesses {
            if sparingDaemons { return next() }
            _ = group.kill()
        }
        do {
            if try bundle.hasPoststopHooks(), let path = runc.executable() {
                let pid = try Process.start(
                    runc.delete(bundle), path: path, environment: Runc.environment, output: STDOUT_FILENO,
                    errors: STDERR_FILENO)
                return loop.watch(child: pid) { [self] status in
                    if !status.isSuccess { reportHooks("runc delete: \(status.text)") }
                    next()
                }
            }
        } catch {
            reportHooks("\(error)")
        }
        Files.removeTree(runc.stateFolder + "/" + bundle.name)
        group?.remove()
        next()
    }

    private func reportHooks(_ reason: String) {
        environment.console.report("\(bundle.name): cannot run poststop hooks: \(reason)")
    }
}
