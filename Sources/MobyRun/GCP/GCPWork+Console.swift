internal import GCP

extension GCPWork {
    /// What became of the machine meanwhile, as far as the console tells.
    enum Fate: Sendable { case runs, isOff, isGone }

    /// Shows the machine's serial port until the machine or the user ends it.
    func watch() async throws -> Fate {
        guard let instance = plan.instance, let machine = plan.machine else { return .runs }
        switch machine.console {
        case .none: return .runs
        case .output: return try await poll(instance.name)
        case .interactive:
            host.say("serial console of '\(instance.name)'; Enter ~ . ends it")
            try await host.gateway.connect(plan, instance.name, host)
            return .runs
        }
    }

    private func poll(_ name: String) async throws -> Fate {
        var (position, quiet): (Int64, Int) = (0, 0)
        while true {
            let piece: SerialOutput
            do { piece = try await compute.serialOutput(name, from: position) } catch let error as GoogleError
                where error.status == 404
            {
                guard case let fate = try await fate(of: name), fate != .runs else { throw error }
                return fate
            }
            if piece.first > position, position > 0 { host.say("\(piece.first - position) bytes of output were lost") }
            if !piece.contents.isEmpty { host.console(piece.contents) }
            quiet = piece.contents.isEmpty ? quiet + 1 : 0
            position = max(position, piece.position)
            if quiet > 0, quiet % 3 == 0, case let fate = try await fate(of: name), fate != .runs { return fate }
            try await host.sleep(.seconds(1))
        }
    }

    /// Whether the machine has powered itself off, or somebody has deleted it.
    private func fate(of name: String) async throws -> Fate {
        guard let facts = try await compute.instance(name) else {
            ledger.keep(.instance(name))
            host.say("instance '\(name)' is gone")
            return .isGone
        }
        guard ["STOPPED", "STOPPING", "TERMINATED", "SUSPENDED"].contains(facts.status) else { return .runs }
        host.say("instance '\(name)' is \(facts.status ?? "")")
        return .isOff
    }
}
