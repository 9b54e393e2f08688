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

extension GCPWork {
    /// What was there before.
    struct State: Sendable {
        var object: StoredObject?
        var bucketIsMissing = false
        var imageIsThere = false
        var instanceIsThere = false
    }

    /// Asks everything that can be asked before the first byte is sent.
    /// - Throws: `GoogleError`, ``RunError``.
    func preflight() async throws -> State {
        var state = State()
        if plan.image != nil || plan.instance != nil { try await client.send(compute.calls.projectFacts) }
        try await checkPermissions()
        if let upload = plan.upload { try await check(upload, &state) }
        if let image = plan.image {
            state.imageIsThere = try await compute.image(image.name) != nil
            guard !state.imageIsThere || plan.replacesImage else {
                throw RunError(
                    "image '\(image.name)' already exists",
                    hint: "say 'replace: true' next to the format, or give the build another --name")
            }
        }
        if let instance = plan.instance, let machine = plan.machine { try await check(instance, machine, &state) }
        return state
    }

    private func checkPermissions() async throws {
        guard let call = plan.permissionCheck, let missing = try await Projects(client).missing(plan.permissions, call),
            !missing.isEmpty
        else { return }
        throw RunError(
            "the account may not do all that is needed in project '\(plan.project)': \(missing.joined(separator: ", "))",
            hint: "give it the role roles/compute.instanceAdmin.v1 there")
    }

    private func check(_ upload: GCPPlan.Upload, _ state: inout State) async throws {
        do { try await client.send(Storage.Calls(client.endpoints).bucket(upload.bucket)) } catch let error
            as GoogleError
        {
            guard error.status == 404, upload.create != nil else { throw error }
            state.bucketIsMissing = true
            return
        }
        if !client.endpoints.storageIsEmulated {
            let missing = try await storage.missingPermissions(in: upload.bucket)
            guard missing.isEmpty else {
                throw RunError(
                    "the account may not do all that is needed in bucket '\(upload.bucket)': \(missing.joined(separator: ", "))",
                    hint: "give it the role roles/storage.objectAdmin there")
            }
        }
        state.object = try await storage.object(upload.bucket, upload.object)
    }

    private func check(_ instance: Instance, _ machine: GCPMachine, _ state: inout State) async throws {
        try await client.send(compute.calls.zoneFacts)
        try await client.send(compute.calls.machineType(machine.machine))
        if plan.image == nil { try await checkImage(machine) }
        if machine.vtpm, let image = plan.image,
            !image.guestOsFeatures.contains(where: { $0.type == "UEFI_COMPATIBLE" })
        {
            throw RunError(
                "a virtual TPM needs an image that boots by UEFI",
                hint: "build it with --format gcp, or leave --vtpm out")
        }
        guard let there = try await compute.instance(instance.name) else { return }
        guard there.labels?["made-by"] == "moby" else {
            throw RunError(
                "instance '\(instance.name)' already exists, and moby did not make it",
                hint: "choose another name with --name, or delete it yourself")
        }
        state.instanceIsThere = true
    }

    private func checkImage(_ machine: GCPMachine) async throws {
        let name = machine.image ?? ""
        guard let image = try await compute.image(name) else {
            throw RunError(
                "there is no image '\(name)' in project '\(plan.project)'",
                hint: "make it with: moby push gcp --bucket BUCKET \(name)\(GCPTarball.suffix)")
        }
        if let status = image.status, status != "READY" {
            throw RunError("image '\(name)' is \(status), expected READY")
        }
        if machine.vtpm, !image.has("UEFI_COMPATIBLE") {
            throw RunError(
                "a virtual TPM needs an image that boots by UEFI", hint: "push it again with --uefi-compatible")
        }
        if machine.nested, !image.isNested {
            throw RunError(
                "image '\(name)' does not allow nested virtualization", hint: "push it again with --nested-virt")
        }
    }
}

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

extension GCPWork {
    /// Deletes the machine that had its time, or says how to.
    func end(_ fate: Fate, _ result: inout GCPResult) async throws {
        guard let instance = plan.instance, let machine = plan.machine else { return }
        let thing = GCPLedger.Thing.instance(instance.name)
        let command = thing.command(project: plan.project, zone: plan.zone)
        guard fate != .isGone else { return result.deleted = true }
        guard !machine.keeps, machine.console != .none else {
            result.deleted = false
            let state =
                fate == .isOff ? "is off and stays, with its disks" : machine.keeps ? "stays and goes on" : "goes on"
            return host.say("instance '\(instance.name)' \(state); delete it with: \(command)")
        }
        host.say("deleting instance '\(instance.name)'")
        let failure = await takenBack(after: nil)
        guard failure.left.isEmpty else { throw failure }
        result.deleted = true
    }

    /// Removes what this run has made, the last first. Goes on when this task was cancelled: it runs in one of its own.
    func takenBack(after cause: (any Error)?) async -> GCPFailure {
        let keeps = plan.machine?.keeps ?? false
        return await Task {
            var (removed, left): ([String], [String]) = ([], ledger.facts)
            for entry in ledger.things.reversed() {
                let command = entry.thing.command(project: plan.project, zone: plan.zone)
                if keeps, case .instance = entry.thing {
                    left.append("\(entry.thing), as --skip-cleanup wants it; delete it with: \(command)")
                    continue
                }
                do {
                    if try await remove(entry) { removed.append("\(entry.thing)") }
                } catch { left.append("\(entry.thing): \(error); delete it with: \(command)") }
            }
            return GCPFailure(cause: cause, removed: removed, left: left)
        }.value
    }

    /// - Returns: false when it was not there: the request for it may have come to nothing.
    private func remove(_ entry: GCPLedger.Entry) async throws -> Bool {
        switch entry.thing {
        case .bucket(let name):
            return try await wasThere { try await client.send(Storage.Calls(client.endpoints).deleteBucket(name)) }
        case .object(let bucket, let name): return try await storage.delete(bucket, name)
        case .image(let name):
            await finish(entry, in: .global)
            return try await wasThere { try await compute.run(compute.calls.deleteImage(name), in: .global) }
        case .instance(let name):
            await finish(entry, in: .zone)
            return try await wasThere { try await compute.run(compute.calls.deleteInstance(name), in: .zone) }
        }
    }

    /// What is still being made cannot be deleted yet. How its making ends does not matter any more.
    private func finish(_ entry: GCPLedger.Entry, in scope: Compute.Scope) async {
        guard let operation = entry.operation else { return }
        do { try await compute.wait(for: operation, in: scope, "wait for \(entry.thing)", limit: .seconds(120)) } catch
        {}
    }

    private func wasThere(_ delete: () async throws -> Void) async throws -> Bool {
        do {
            try await delete()
            return true
        } catch let error as GoogleError where error.status == 404 || error.reason == "RESOURCE_NOT_FOUND" {
            return false
        }
    }
}
