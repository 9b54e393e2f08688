internal import BootLayout
internal import Glibc
internal import GuestSystem

/// What the console says about services, and what they are looked at for.
extension Supervisor {
    func report(_ service: Service, _ outcome: ContainerRun.Outcome, again delay: Milliseconds?, wasAsked: Bool) {
        let report = { [self] (text: String) in environment.console.report("service \(service.name) \(text)") }
        let verb =
            switch outcome {
            case .ended, .broken: "ended"
            case .failed, .hopeless: "did not start"
            }
        guard let delay, !wasAsked else {
            let wasFailing = service.streak.isOn
            service.streak.end()
            if wasAsked { return report("stopped") }
            let end = service.state == .failed && wasFailing ? "; giving up" : ""
            report("\(verb): \(outcome.text)\(end)")
            if !wasFailing { showOutput(of: service, outcome) }
            return
        }
        switch service.streak.add(outcome.text, at: loop.now) {
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

    // MARK: Watches

    /// A service that failed has recovered once it has run for a while.
    func watchRecovery(of service: Service) {
        service.timer = loop.after(FailureStreak.recovery) { [self] in
            if service.streak.isSummedUp {
                environment.console.report(
                    "service \(service.name) recovered (failed \(service.streak.failures) times)")
            }
            service.streak.end()
        }
    }

    private func probe(_ probe: Supervision.Probe, _ service: Service, _ pid: pid_t, limit: Milliseconds)
        -> (@escaping (String?) -> Void) -> ProbeRun
    {
        { [environment] done in
            ProbeRun(probe, pid: pid, service.bundle, environment: environment, limit: limit, done: done)
        }
    }

    /// How long one look may take while a service starts.
    private static let lookLimit: Milliseconds = 10_000

    func watchReadiness(of service: Service, _ pid: pid_t) {
        guard let readiness = service.supervision.ready else { return becameReady(service, pid) }
        let start = loop.now
        let watch = ReadinessWatch(
            readiness, loop: loop, look: probe(readiness.probe, service, pid, limit: Self.lookLimit)
        ) { [self] reason in
            service.readiness = nil
            if let reason { return terminate(service, because: reason) }
            if !service.streak.isOn {
                environment.console.report("service \(service.name) ready (\(TimeText.seconds(loop.now - start)))")
            }
            becameReady(service, pid)
        }
        service.readiness = watch
        service.notifier?.onReady = { watch.notify() }
    }

    func watchHealth(of service: Service, _ pid: pid_t) {
        guard let health = service.supervision.health else { return }
        service.health = HealthWatch(
            health, loop: loop, look: probe(health.probe, service, pid, limit: Milliseconds(health.timeout))
        ) { [self] event, reason in
            let name = "service \(service.name)"
            guard event == .unhealthy else { return environment.console.report("\(name) is healthy again") }
            switch health.action {
            case .none: environment.console.report("\(name) unhealthy: \(reason)")
            case .restart:
                if !service.streak.isOn { environment.console.report("\(name) unhealthy, restarting it: \(reason)") }
                service.endWatches()
                terminate(service, because: "unhealthy: \(reason)")
            case .reboot:
                environment.console.report("\(name) unhealthy: \(reason)")
                unhealthy(service.name)
            }
        }
    }
}
