internal import GCP

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
