internal import GCP

extension GCPWork {
    /// Shows the machine's serial port until the machine or the user ends it.
    func watch() async throws {
        guard let instance = plan.instance, let machine = plan.machine else { return }
        switch machine.console {
        case .none: return
        case .output: try await poll(instance.name)
        case .interactive:
            host.say("serial console of '\(instance.name)'; Enter ~ . ends it")
            try await host.gateway.connect(plan, instance.name, host)
        }
    }

    private func poll(_ name: String) async throws {
        var (position, quiet): (Int64, Int) = (0, 0)
        while true {
            let piece = try await compute.serialOutput(name, from: position)
            if piece.first > position, position > 0 { host.say("\(piece.first - position) bytes of output were lost") }
            if !piece.contents.isEmpty { host.console(piece.contents) }
            quiet = piece.contents.isEmpty ? quiet + 1 : 0
            position = max(position, piece.position)
            if quiet > 0, quiet % 3 == 0, try await isOver(name) { return }
            try await host.sleep(.seconds(1))
        }
    }

    /// Whether the machine has powered itself off, or somebody has deleted it.
    private func isOver(_ name: String) async throws -> Bool {
        guard let facts = try await compute.instance(name) else {
            ledger.keep(.instance(name))
            host.say("instance '\(name)' is gone")
            return true
        }
        guard ["STOPPED", "STOPPING", "TERMINATED", "SUSPENDED"].contains(facts.status) else { return false }
        host.say("instance '\(name)' is \(facts.status ?? "")")
        return true
    }
}
