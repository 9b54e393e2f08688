internal import GCP
internal import HTTP

/// Does what a plan says.
struct GCPWork: Sendable {
    let plan: GCPPlan
    let client: GoogleClient
    let host: GCPHost
    let ledger = GCPLedger()
    let storage: Storage
    let compute: Compute

    init(_ plan: GCPPlan, _ client: GoogleClient, _ host: GCPHost) {
        self.plan = plan
        self.client = client
        self.host = host
        storage = Storage(client)
        compute = Compute(client, project: plan.project, zone: plan.zone)
    }

    /// - Throws: ``GCPFailure`` for what went wrong once something was made; before that the error itself.
    func perform() async throws -> GCPResult {
        var result = GCPResult()
        let state = try await preflight()
        let fate: Fate
        do {
            try await publish(state, &result)
            try await start(state, &result)
            fate = try await watch()
        } catch {
            throw await takenBack(after: error)
        }
        try await end(fate, &result)
        return result
    }

    private func publish(_ state: State, _ result: inout GCPResult) async throws {
        guard let upload = plan.upload else { return }
        if state.bucketIsMissing, let create = upload.create {
            host.say("making bucket '\(upload.bucket)'")
            try await client.send(create)
            ledger.add(.bucket(upload.bucket))
        }
        try await send(upload, state, &result)
        guard let image = plan.image else { return }
        if state.imageIsThere {
            host.say("deleting the old image '\(image.name)'")
            try await compute.run(compute.calls.deleteImage(image.name), in: .global)
            ledger.note("image '\(image.name)' of before was deleted for the new one")
        }
        host.say("making image '\(image.name)'")
        try await make(.image(image.name), try compute.calls.insert(image), in: .global)
        result.image = "projects/\(plan.project)/global/images/\(image.name)"
    }

    private func send(_ upload: GCPPlan.Upload, _ state: State, _ result: inout GCPResult) async throws {
        let name = "gs://\(upload.bucket)/\(upload.object)"
        (result.object, result.crc32c, result.size) = (name, upload.source.checksum, upload.source.size)
        if let object = state.object, upload.source.isSame(as: object) {
            host.say("\(name) has these bytes already")
            result.uploaded = false
            if upload.isPublic { try await storage.publish(upload.bucket, upload.object) }
            return
        }
        host.say("sending \(upload.source.size) bytes to \(name)")
        if state.object == nil {
            ledger.add(.object(bucket: upload.bucket, name: upload.object))
        } else {
            ledger.note("\(name) was there before; its bytes may be the new ones now")
        }
        _ = try await storage.upload(
            upload.source, to: upload.bucket, upload.object, isPublic: upload.isPublic, progress: host.progress)
        result.uploaded = true
    }

    private func start(_ state: State, _ result: inout GCPResult) async throws {
        guard var instance = plan.instance, let machine = plan.machine else { return }
        if state.instanceIsThere {
            host.say("deleting the instance '\(instance.name)' of before")
            try await compute.run(compute.calls.deleteInstance(instance.name), in: .zone)
        }
        if machine.console == .interactive {
            let key = try await host.gateway.prepare(client, plan)
            instance.replaceMetadata(GCPPlan.keyPlace, with: key)
        }
        host.say("starting instance '\(instance.name)' in \(machine.zone)")
        try await make(.instance(instance.name), try compute.calls.insert(instance), in: .zone)
        // The image is whole and used: from here on a mishap costs the machine alone.
        for entry in ledger.things where entry.thing != .instance(instance.name) { ledger.keep(entry.thing) }
        ledger.forgetNotes()
        (result.instance, result.zone) = (instance.name, machine.zone)
        result.address = try await compute.instance(instance.name)?.address
        if let address = result.address { host.say("instance '\(instance.name)' has the address \(address)") }
    }

    /// Makes a thing. It is noted before it is asked for: an answer that gets lost may have been a yes.
    private func make(_ thing: GCPLedger.Thing, _ call: APICall, in scope: Compute.Scope) async throws {
        ledger.add(thing)
        let operation: Operation
        do { operation = try await compute.begin(call) } catch let error as GoogleError where error.isRefusal {
            ledger.keep(thing)
            throw error
        }
        ledger.set(operation)
        try await compute.wait(for: operation, in: scope, call.title)
        ledger.set(nil)
    }
}
