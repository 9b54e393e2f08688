internal import BootLayout
internal import Glibc
internal import GuestSystem

/// Starts the services in parallel and restarts them.
final class Supervisor {
    private(set) var services: [Service] = []
    let environment: ContainerEnvironment
    private let parallel: Int
    /// Those that wait for their turn, or for others.
    private(set) var queue: [Service] = []
    /// Nothing is started any more.
    private(set) var isClosing = false
    /// Called with the name of a service that failed for good, and its policy.
    var givenUp: (String, RuntimeRecord.OnFailure) -> Void = { _, _ in }
    /// Called with the name of a service that is unhealthy, if that ends the machine.
    var unhealthy: (String) -> Void = { _ in }

    var loop: EventLoop { environment.loop }

    /// - Parameter parallel: how many may be starting at a time.
    init(_ bundles: [Bundle], environment: ContainerEnvironment, parallel: Int) {
        services = bundles.map(Service.init)
        self.environment = environment
        self.parallel = max(1, parallel)
        // One that cannot be read is reported when it starts.
        for service in services { if let record = try? service.bundle.record() { service.record = record } }
    }

    subscript(name: String) -> Service? { services.first { $0.name == name } }

    /// Starts those that do not wait for onboot containers.
    func startEarly() { for service in services where service.supervision.isEarly { start(service) } }

    func startAll() {
        for service in services {
            for name in service.supervision.after where self[name] == nil {
                environment.console.report("service \(service.name): 'after' names '\(name)', which does not exist")
            }
            if !service.supervision.isEarly { start(service) }
        }
    }

    /// Starts a service that does not run.
    func start(_ service: Service) {
        guard !service.isAlive, service.state != .queued, !isClosing else { return }
        cancelTimer(of: service)
        service.state = .queued
        queue.append(service)
        launchNext()
    }

    func launchNext() {
        while services.count(where: { $0.state == .starting }) < parallel,
            let index = queue.firstIndex(where: { blockers(of: $0).isEmpty })
        {
            launch(queue.remove(at: index))
        }
    }

    private func launch(_ service: Service) {
        service.state = .starting
        service.since = loop.now
        service.starts += 1
        do { service.record = try service.bundle.record() } catch { return fail(service, .hopeless("\(error)")) }
        do {
            let isRootFresh = try prepare(service)
            let output = try ContainerOutput(
                prefix: environment.logs + "/" + service.name, name: "service \(service.name)",
                environment: environment)
            // Followers of the log keep following from run to run.
            output.follow { bytes in for follower in service.followers.values { follower(bytes) } }
            service.output = output
            let run = environment.run(
                service.bundle, service.record, output: output.files, isRootFresh: isRootFresh)
            service.run = run
            run.start(running: { [self] in running(service, $0) }, ended: { [self] in ended(service, $0) })
        } catch {
            fail(service, .failed("\(error)"))
        }
    }

    private func fail(_ service: Service, _ outcome: ContainerRun.Outcome) {
        loop.after(0) { [self] in ended(service, outcome) }
    }

    /// - Returns: whether its root is as the image has it.
    private func prepare(_ service: Service) throws(SystemError) -> Bool {
        if service.starts == 1 || service.rule.policy != service.record.restart {
            service.rule = RestartRule(service.record.restart)
        }
        if service.supervision.ready?.probe == .notify, service.notifier == nil {
            service.notifier = try NotifySocket(path: "\(environment.state)/notify/\(service.name)", loop: loop)
        }
        let preparation = environment.preparation(service.bundle)
        guard !service.isPrepared else {
            if !service.record.keepsRoot { try preparation.renew(service.record) }
            return !service.record.keepsRoot
        }
        do { try preparation.perform(service.record) } catch {
            preparation.undo(service.record)
            throw error
        }
        service.isPrepared = true
        return true
    }

    private func running(_ service: Service, _ pid: pid_t) {
        service.output?.closeWriters()
        let launched = service.since
        service.since = loop.now
        if service.state == .starting {
            environment.timeline?.add("service \(service.name)", from: launched)
            service.state = .running(pid: pid)
            if service.streak.isOn {
                watchRecovery(of: service)
            } else {
                environment.console.report("service \(service.name) started")
            }
            watchReadiness(of: service, pid)
        } else {
            // Stopped while it started.
            terminate(service, grace: service.askedGrace)
            for handler in take(&service.onStarted) { handler(false) }
        }
        launchNext()
    }

    /// It serves: those after it may start.
    func becameReady(_ service: Service, _ pid: pid_t) {
        service.isReady = true
        for handler in take(&service.onStarted) { handler(true) }
        watchHealth(of: service, pid)
        launchNext()
    }

    private func ended(_ service: Service, _ outcome: ContainerRun.Outcome) {
        let span = loop.now - service.since
        let wasAsked = service.state == .stopping
        cancelTimer(of: service)
        service.endWatches()
        service.isReady = false
        service.output?.closeWriters()
        let outcome = outcome.explained(by: service.output?.recentLines(limit: 5) ?? [], service.bundle)
        service.lastOutcome = outcome
        service.since = loop.now
        let delay = wasAsked || isClosing ? nil : service.rule.delay(after: outcome, ranFor: span)
        service.state = delay != nil ? .waiting : .stopped
        if case .hopeless = outcome, delay == nil, !wasAsked { service.state = .failed }
        if !isClosing { report(service, outcome, again: delay, wasAsked: wasAsked) }
        if delay == nil, !wasAsked, !isClosing, !outcome.isSuccess { givenUp(service.name, service.record.onFailure) }
        let forgotten = { [self] in
            if delay == nil, service.isPrepared, !service.record.keepsRoot {
                // Frees what the container wrote.
                environment.preparation(service.bundle).undo(service.record)
            }
            if let delay { service.timer = loop.after(delay) { [self] in start(service) } }
            for handler in take(&service.onStarted) { handler(false) }
            for handler in take(&service.onStopped) { handler() }
            launchNext()
        }
        guard let run = service.run else { return forgotten() }
        service.run = nil
        run.forget(sparingDaemons: false, then: forgotten)
    }

    /// How long a service may take to stop that says nothing about it.
    static let grace: Milliseconds = 10_000

    /// Asks a service to end, and kills it after its grace.
    func stop(_ service: Service, grace: Milliseconds = grace) {
        cancelTimer(of: service)
        queue.removeAll { $0 === service }
        service.rule.reset()
        if !service.isAlive { service.streak.end() }
        guard service.isAlive, service.state != .stopping else {
            if service.state != .stopping { service.state = .stopped }
            if service.state == .stopped { for handler in take(&service.onStarted) { handler(false) } }
            return
        }
        // A launch has a limit of its own; when it has ended, the service is asked.
        let wasRunning = service.state != .starting
        service.state = .stopping
        service.since = loop.now
        service.askedGrace = grace
        service.endWatches()
        if wasRunning { terminate(service, grace: grace) }
    }

    /// Stops all, each after those that need it, and starts none any more.
    /// - Returns: within how many milliseconds all have ended or were killed.
    func stopAll(grace: Milliseconds) -> Milliseconds {
        isClosing = true
        stopNext(grace)
        return order.longestStop { self[$0]?.grace(grace) ?? 0 }
    }

    /// Nothing is started any more.
    func close() { isClosing = true }

    private func stopNext(_ grace: Milliseconds) {
        for service in services where service.state != .stopping {
            let users = services.filter { $0.isAlive && $0.supervision.after.contains(service.name) }
            guard users.isEmpty else { continue }
            if service.isAlive { service.onStopped.append { [self] in stopNext(grace) } }
            stop(service, grace: grace)
        }
    }

    /// - Parameter reason: why, unless a person asked for it.
    func terminate(_ service: Service, grace: Milliseconds = grace, because reason: String? = nil) {
        let number = Int32(clamping: service.supervision.stopSignal)
        let signal = number > 0 ? number : SIGTERM
        let grace = service.grace(grace)
        service.run?.terminate(signal: signal, grace: grace, because: reason) { [self] in
            environment.console.report(
                "service \(service.name) killed: still running \(TimeText.seconds(grace)) after \(ProcessStatus.name(of: signal))"
            )
        }
    }

    private func cancelTimer(of service: Service) {
        if let timer = service.timer { loop.cancel(timer: timer) }
        service.timer = nil
    }

    private func take<Handler>(_ handlers: inout [Handler]) -> [Handler] {
        defer { handlers = [] }
        return handlers
    }
}
