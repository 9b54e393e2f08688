internal import BootLayout
internal import Glibc
internal import GuestSystem

/// Starts the services in parallel and restarts them.
final class Supervisor {
    private(set) var services: [Service] = []
    let environment: ContainerEnvironment
    private let parallel: Int
    private var queue: [Service] = []
    /// Nothing is started any more.
    var isClosing = false
    /// Called with the name of a service that failed for good, and its policy.
    var givenUp: (String, RuntimeRecord.OnFailure) -> Void = { _, _ in }

    private var loop: EventLoop { environment.loop }

    /// - Parameter parallel: how many may be starting at a time.
    init(_ bundles: [Bundle], environment: ContainerEnvironment, parallel: Int) {
        services = bundles.map(Service.init)
        self.environment = environment
        self.parallel = max(1, parallel)
    }

    subscript(name: String) -> Service? { services.first { $0.name == name } }

    func startAll() { for service in services { start(service) } }

    /// True when no service is queued or starting.
    var isSettled: Bool { services.allSatisfy { $0.state != .queued && $0.state != .starting } }

    /// The queued and starting services, for messages.
    var unsettledNames: String {
        let names = services.filter { $0.state == .queued || $0.state == .starting }.map(\.name)
        return names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    /// Starts a service that does not run.
    func start(_ service: Service) {
        guard !service.isAlive, service.state != .queued, !isClosing else { return }
        cancelTimer(of: service)
        service.state = .queued
        queue.append(service)
        launchNext()
    }

    private func launchNext() {
        while !queue.isEmpty, services.count(where: { $0.state == .starting }) < parallel {
            launch(queue.removeFirst())
        }
    }

    private func launch(_ service: Service) {
        service.state = .starting
        service.since = loop.now
        service.starts += 1
        do {
            try prepare(service)
            let output = try ContainerOutput(prefix: environment.logs + "/" + service.name, loop: loop)
            // Followers of the log keep following from run to run.
            output.follow { [unowned service] bytes in for follower in service.followers.values { follower(bytes) } }
            service.output = output
            let run = environment.run(service.bundle, service.record, output: output.files)
            service.run = run
            run.start(running: { [self] in running(service, $0) }, ended: { [self] in ended(service, $0) })
        } catch {
            let outcome: ContainerRun.Outcome = error is BundleError ? .hopeless("\(error)") : .failed("\(error)")
            loop.after(0) { [self] in ended(service, outcome) }
        }
    }

    private func prepare(_ service: Service) throws {
        service.record = try service.bundle.record()
        if service.starts == 1 || service.rule.policy != service.record.restart {
            service.rule = RestartRule(service.record.restart)
        }
        let preparation = environment.preparation(service.bundle)
        guard !service.isPrepared else {
            if !service.record.keepsRoot { try preparation.renew(service.record) }
            return
        }
        do { try preparation.perform(service.record) } catch {
            preparation.undo(service.record)
            throw error
        }
        service.isPrepared = true
    }

    private func running(_ service: Service, _ pid: pid_t) {
        service.output?.closeWriters()
        if service.state == .starting {
            service.state = .running(pid: pid)
            if service.streak.isOn {
                watchRecovery(of: service)
            } else {
                environment.console.report("service \(service.name) started")
            }
        } else {
            // Stopped while it started.
            service.run?.terminate()
        }
        service.since = loop.now
        for handler in take(&service.onStarted) { handler(true) }
        launchNext()
    }

    /// A service that failed has recovered once it has run for a while.
    private func watchRecovery(of service: Service) {
        service.timer = loop.after(FailureStreak.recovery) { [self] in
            if service.streak.isSummedUp {
                environment.console.report(
                    "service \(service.name) recovered (failed \(service.streak.failures) times)")
            }
            service.streak.end()
        }
    }

    private func ended(_ service: Service, _ outcome: ContainerRun.Outcome) {
        let span = loop.now - service.since
        let wasAsked = service.state == .stopping
        cancelTimer(of: service)
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

    private func report(_ service: Service, _ outcome: ContainerRun.Outcome, again delay: Milliseconds?, wasAsked: Bool)
    {
        let report = { [self] (text: String) in environment.console.report("service \(service.name) \(text)") }
        let verb = if case .ended = outcome { "ended" } else { "did not start" }
        guard let delay, !wasAsked else {
            let wasFailing = service.streak.isOn
            service.streak.end()
            if wasAsked { return report("stopped") }
            let end = service.state == .failed && wasFailing ? "; giving up" : ""
            report("\(verb): \(outcome.text)\(end)")
            if !wasFailing { showOutput(of: service, outcome) }
            return
        }
        switch service.streak.add(at: loop.now) {
        case .first:
            report("\(verb): \(outcome.text), restarting in \(TimeText.seconds(delay))")
            showOutput(of: service, outcome)
        case .summary(let failures, let span):
            let verb = outcome.isSuccess ? "ended" : "failed"
            report(
                "\(verb) \(failures) times in \(span / 1000) s, next try in \(TimeText.seconds(delay)); last: \(outcome.text)"
            )
            showOutput(of: service, outcome)
        case .nothing: break
        }
    }

    private func showOutput(of service: Service, _ outcome: ContainerRun.Outcome) {
        guard outcome.needsOutput else { return }
        for line in service.output?.recentLines(limit: 5) ?? [] {
            environment.console.report("  \(service.name): \(line)")
        }
    }

    /// Asks a service to end, and kills it after `grace`.
    func stop(_ service: Service, grace: Milliseconds = 10_000) {
        cancelTimer(of: service)
        queue.removeAll { $0 === service }
        service.rule.reset()
        if !service.isAlive { service.streak.end() }
        guard service.isAlive, service.state != .stopping else {
            if service.state != .stopping { service.state = .stopped }
            return
        }
        let wasRunning = service.state != .starting
        service.state = .stopping
        if wasRunning { service.run?.terminate() }
        let run = service.run
        loop.after(grace) { if service.run === run { run?.destroy() } }
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
