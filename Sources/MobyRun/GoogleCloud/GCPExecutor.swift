internal import Cloud
internal import GCP

/// Sends the calls of a plan.
struct GCPExecutor: Sendable {
    private let plan: GCPPlan
    private let client: GoogleClient
    private let host: CloudHost
    private let storage: Storage
    private let compute: Compute
    private let gateway = SerialGateway()
    let ledger = CloudLedger<GCPAction>()

    /// Facts learned during the run.
    private struct Progress {
        var result: GCPResult
        /// Values of placeholders.
        var values: [String: String]
        var isOff = false
    }

    init(_ plan: GCPPlan, _ client: GoogleClient, _ host: CloudHost) {
        (self.plan, self.client, self.host) = (plan, client, host)
        storage = Storage(client)
        compute = Compute(client, project: plan.project, zone: plan.zone)
    }

    /// - Throws: `CloudFailure` for what went wrong once something was created; before that the error itself.
    func perform() async throws -> GCPResult {
        var progress = Progress(result: plan.result, values: plan.secrets)
        try await plan.cloud.carryOut(ledger, host) { step in
            try await perform(step, &progress)
        } remove: { resource in
            try await remove(resource)
        }
        guard let instance = plan.instance else { return progress.result }
        let isKept = ledger.names.contains(instance.name)
        progress.result.deleted = !isKept
        if isKept {
            let state = progress.isOff ? "is stopped and was kept with its disks" : "keeps running"
            host.log("\(instance.name) \(state); delete it with: \(instance.command)")
        }
        return progress.result
    }

    private func perform(_ step: CloudStep<GCPAction>, _ progress: inout Progress) async throws -> Presence? {
        if case .connectSerialPort(let name) = step.action, let program = step.program {
            host.log("connecting to the serial console of '\(name)'; press Enter ~ . to end the session")
            try await gateway.connect(program.words, host)
            return nil
        }
        guard let call = step.calls.first else { return nil }
        switch step.action {
        case .send: try await begin(step.creates) { _ = try await client.send(call) }
        case .find(let find):
            let presence = try await find(client, call)
            if presence == .upToDate, let name = step.finds { host.log("\(name) already has these bytes") }
            return presence
        case .checkPermissions(let needed): try await check(needed, call)
        case .change(let scope): try await change(try call.filled(with: progress.values), scope, step.creates)
        case .upload(let source, let bucket, let object):
            _ = try await storage.upload(source, to: bucket, object, by: call, progress: host.progress)
            progress.result.uploaded = true
        case .fetchGatewayKeys:
            progress.values[SerialGateway.keyPlaceholder] = try await gateway.prepare(
                try await client.send(call), zone: plan.zone, address: client.endpoints.serialPort)
        case .readAddress:
            let facts = try await client.find(call, as: InstanceFacts.self)
            progress.result.address = facts?.address
            if let facts, let address = facts.address {
                host.log("instance '\(facts.name)' has the address \(address)")
            }
        case .showSerialPort(let name): return try await showSerialPort(of: name, &progress)
        case .connectSerialPort: break
        }
        return nil
    }

    private func check(_ needed: GCPPermissions, _ call: CloudCall) async throws {
        struct Answer: Decodable { var permissions: [String]? }
        let answer: Answer
        do { answer = try await client.send(call, as: Answer.self) } catch let error as GoogleError
            where needed.isOptional && (error.status == 403 || error.status == 404)
        {
            return
        }
        let missing = needed.names.filter { !(answer.permissions ?? []).contains($0) }
        guard missing.isEmpty else {
            throw RunError(
                "the account lacks permissions in \(needed.owner): \(missing.joined(separator: ", "))",
                hint: "give it the role \(needed.role) there")
        }
    }

    private func change(_ call: CloudCall, _ scope: Compute.Scope, _ created: CloudResource<GCPAction>?) async throws {
        let operation = try await begin(created) { try await compute.begin(call) }
        guard let created else { return try await compute.wait(for: operation, in: scope, call.title) }
        ledger.setPending { [compute] in
            // How it ends does not matter: it is deleted afterwards.
            do {
                try await compute.wait(
                    for: operation, in: scope, "waiting for \(created.name)", limit: .seconds(120))
            } catch {}
        }
        try await compute.wait(for: operation, in: scope, call.title)
        ledger.setPending(nil)
    }

    /// Asks for a creation; one that was refused leaves nothing to remove.
    private func begin<Value>(_ created: CloudResource<GCPAction>?, _ send: () async throws -> Value) async throws
        -> Value
    {
        do { return try await send() } catch let error as GoogleError where error.isRefusal {
            if let created { ledger.commit(created.name) }
            throw error
        }
    }

    /// - Returns: false when it does not exist: the request for it may have had no effect.
    private func remove(_ resource: CloudResource<GCPAction>) async throws -> Bool {
        do {
            switch resource.action {
            case .change(let scope): try await compute.run(resource.removal, in: scope)
            default: try await client.send(resource.removal)
            }
            return true
        } catch let error as GoogleError where error.status == 404 || error.reason == "RESOURCE_NOT_FOUND" {
            return false
        }
    }
}

/// The serial port as output.
extension GCPExecutor {
    /// Shows the output until the machine stops.
    private func showSerialPort(of name: String, _ progress: inout Progress) async throws -> Presence {
        var (position, quiet): (Int64, Int) = (0, 0)
        while true {
            let piece: SerialOutput
            do { piece = try await compute.serialOutput(name, from: position) } catch let error as GoogleError
                where error.status == 404
            {
                guard let presence = try await end(of: name, &progress) else { throw error }
                return presence
            }
            if piece.first > position, position > 0 { host.log("\(piece.first - position) bytes of output were lost") }
            if !piece.contents.isEmpty { host.console(piece.contents) }
            quiet = piece.contents.isEmpty ? quiet + 1 : 0
            position = max(position, piece.position)
            if quiet > 0, quiet % 3 == 0, let presence = try await end(of: name, &progress) { return presence }
            try await host.sleep(.seconds(1))
        }
    }

    /// Whether the machine has powered off or was deleted from outside this run; nil while it runs.
    private func end(of name: String, _ progress: inout Progress) async throws -> Presence? {
        guard let facts = try await compute.instance(name) else {
            ledger.commit("instance '\(name)'")
            host.log("instance '\(name)' was deleted from outside this run")
            return .missing
        }
        guard ["STOPPED", "STOPPING", "TERMINATED", "SUSPENDED"].contains(facts.status) else { return nil }
        host.log("instance '\(name)' is \(facts.status ?? "")")
        progress.isOff = true
        return .exists
    }
}
