internal import BootLayout

/// Which services wait for which.
struct StartOrder {
    /// Names of services by the name of the one that starts after them.
    let after: [String: [String]]

    /// Names that no service has are left out.
    init(_ after: [String: [String]]) { self.after = after.mapValues { names in names.filter { after[$0] != nil } } }

    /// The services that are about to become ready without anyone's help: those that start, and those that wait for
    /// nothing else.
    static func progressing(starting: Set<String>, waiting: [String: [String]]) -> Set<String> {
        var found = starting
        var isChanged = true
        while isChanged {
            isChanged = false
            for (name, blockers) in waiting where !found.contains(name) && blockers.allSatisfy(found.contains) {
                found.insert(name)
                isChanged = true
            }
        }
        return found
    }

    /// The longest time, in the unit of `grace`, that stopping takes: a service stops when those after it have.
    func longestStop(_ grace: (String) -> Int64) -> Int64 {
        var known: [String: Int64] = [:]
        func time(_ name: String, _ above: Set<String>) -> Int64 {
            if let time = known[name] { return time }
            guard !above.contains(name) else { return 0 }
            let below = (after[name] ?? []).map { time($0, above.union([name])) }.max() ?? 0
            known[name] = grace(name) + below
            return grace(name) + below
        }
        return after.keys.map { time($0, []) }.max() ?? 0
    }
}

extension Supervisor {
    var order: StartOrder {
        var after: [String: [String]] = [:]
        for service in services { after[service.name] = service.supervision.after }
        return StartOrder(after)
    }

    /// The services that a queued one waits for.
    func blockers(of service: Service) -> [Service] {
        service.supervision.after.compactMap { self[$0] }.filter { other in
            if case .running = other.state { return !other.isReady }
            let hasFailed = [.waiting, .failed, .stopped].contains(other.state) && other.lastOutcome != nil
            return !other.isDone && !(hasFailed && !other.supervision.isRequired)
        }
    }

    /// The services that start, or wait for others that do.
    private var unsettled: [Service] {
        let starting = services.filter { service in
            if case .running = service.state { return !service.isReady }
            return service.state == .starting
        }
        var waiting: [String: [String]] = [:]
        for service in queue { waiting[service.name] = blockers(of: service).map { $0.name } }
        let names = StartOrder.progressing(starting: Set(starting.map { $0.name }), waiting: waiting)
        return services.filter { names.contains($0.name) }
    }

    /// True when no service is about to start.
    var isSettled: Bool { unsettled.isEmpty }

    /// The services that have not started, for messages.
    var unsettledNames: String {
        let names = unsettled.map { service in
            if case .running = service.state {
                return service.name + " (\(service.supervision.ready?.probe.text ?? ""))"
            }
            let blockers = service.state == .queued ? blockers(of: service).map { $0.name } : []
            return service.name + (blockers.isEmpty ? "" : " (after \(blockers.joined(separator: ", ")))")
        }
        return names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    /// Reports the services that wait for others which do not start.
    func reportBlocked() {
        for service in queue {
            let names = blockers(of: service).map { "\($0.name) (\($0.stateName))" }.joined(separator: ", ")
            environment.console.report("service \(service.name) waits for \(names)")
        }
    }
}
