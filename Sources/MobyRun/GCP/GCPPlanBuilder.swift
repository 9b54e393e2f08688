internal import GCP

/// Puts a plan together: checks, upload, image, machine, what is done at the end.
struct GCPPlanBuilder {
    private var plan: GCPPlan
    private let storage: Storage.Calls
    private let compute: Compute.Calls
    private let chunk: UInt64
    private let endpoints: Endpoints

    init(_ endpoints: Endpoints, project: String, zone: String, chunk: UInt64 = Storage.defaultChunk) {
        plan = GCPPlan(project: project, zone: zone)
        storage = Storage.Calls(endpoints)
        compute = Compute.Calls(endpoints, project: project, zone: zone)
        plan.gateway = endpoints.serialPort
        self.endpoints = endpoints
        self.chunk = chunk
    }

    mutating func add(_ publication: GCPPublication) throws {
        try GCPNames.project(publication.project)
        try GCPNames.bucket(publication.bucketName)
        try GCPNames.resource(publication.imageName, "image", option: "--img-name")
        if let family = publication.family { try GCPNames.resource(family, "family", option: "--family") }
        let tarball = try GCPTarball.inspect(publication.file)
        let (bucket, object) = (publication.bucketName, publication.object)
        var upload = GCPPlan.Upload(source: tarball.source, bucket: bucket, object: object, isPublic: publication.isPublic)
        if publication.bucket == nil {
            upload.create = try storage.create(
                bucket, project: publication.project, location: publication.location, isUniform: !publication.isPublic)
        }
        plan.upload = upload
        plan.checks.append(storage.bucket(bucket))
        if !endpoints.storageIsEmulated { plan.checks.append(storage.permissions(bucket)) }
        plan.checks.append(storage.object(bucket, object))
        guard publication.goal == .image else { return }
        plan.checks.insert(compute.projectFacts, at: 0)
        plan.checks.append(compute.image(publication.imageName))
        let uefi = publication.uefi ?? tarball.isEFI
        plan.image = MachineImage(
            publication.imageName, family: publication.family, bucket: bucket, object: object,
            features: (uefi ? ["UEFI_COMPATIBLE"] : []) + ["GVNIC", "VIRTIO_SCSI_MULTIQUEUE"], nested: publication.nested,
            labels: GCP.labels)
        plan.replacesImage = publication.replaces
        plan.permissions += GCPPermissions.image(replaces: publication.replaces)
    }

    mutating func add(_ machine: GCPMachine, _ publication: GCPPublication?) throws {
        try GCPNames.project(machine.project)
        try GCPNames.zone(machine.zone)
        let image = machine.image ?? publication?.imageName ?? ""
        let name = machine.name ?? image
        try GCPNames.resource(name, "instance", option: "--name")
        if plan.image == nil {
            try GCPNames.resource(image, "image", option: "--img-name")
            plan.checks += [compute.projectFacts, compute.image(image)]
        }
        plan.checks += [compute.zoneFacts, compute.machineType(machine.machine), compute.instance(name)]
        var instance = Instance(
            name, machine: machine.machine, zone: machine.zone, image: "projects/\(machine.project)/global/images/\(image)",
            labels: GCP.labels)
        for (index, disk) in machine.disks.enumerated() {
            let name = disk.name ?? "\(name)-disk-\(index)"
            try GCPNames.resource(name, "disk", option: "--disk NAME,size=10")
            instance.add(disk: name, size: disk.size)
        }
        try describe(machine, &instance)
        plan.instance = instance
        plan.machine = machine
        plan.permissions += GCPPermissions.instance(machine)
    }

    private func describe(_ machine: GCPMachine, _ instance: inout Instance) throws {
        var keys = machine.sshKeys
        if machine.console == .interactive { keys.insert("\(SerialGateway.user):\(GCPPlan.keyPlace)", at: 0) }
        instance.set("serial-port-enable", "1")
        if !keys.isEmpty { instance.set("ssh-keys", keys.joined(separator: "\n")) }
        if let data = machine.data {
            guard data.utf8.count <= 256 << 10 else {
                throw RunError(
                    "the user data has \(data.utf8.count) bytes, Compute Engine takes 262144",
                    hint: "put the rest where the guest can fetch it")
            }
            instance.set("user-data", data)
        }
        // Nothing said is the network 'default'.
        if machine.network != nil || machine.subnetwork != nil {
            instance.networkInterfaces[0].network = machine.network.map { $0.contains("/") ? $0 : "global/networks/\($0)" }
            let region = machine.zone.split(separator: "-").dropLast().joined(separator: "-")
            instance.networkInterfaces[0].subnetwork = machine.subnetwork.map {
                $0.contains("/") ? $0 : "projects/\(machine.project)/regions/\(region)/subnetworks/\($0)"
            }
        }
        if !machine.tags.isEmpty { instance.tags = Instance.Tags(items: machine.tags) }
        if machine.nested { instance.minCpuPlatform = "Intel Haswell" }
        if machine.vtpm { instance.shieldedInstanceConfig = Instance.Shielded(enableVtpm: true) }
    }

    func finish() throws -> GCPPlan {
        var plan = plan
        if !plan.permissions.isEmpty, let check = try Projects.permissions(plan.permissions, in: plan.project, endpoints) {
            plan.permissionCheck = check
            plan.checks.insert(check, at: min(1, plan.checks.count))
        }
        plan.lines = plan.checks.map(\.description)
        if let upload = plan.upload {
            if let create = upload.create { plan.lines.append("\(create)\n# unless it is there") }
            plan.lines.append(try storage.begin(upload.bucket, upload.object, upload.source, isPublic: upload.isPublic).description)
            plan.lines.append(puts(upload.source.size))
        }
        if let image = plan.image {
            if plan.replacesImage { plan.lines.append("\(compute.deleteImage(image.name))\n# if it is there") }
            plan.lines.append("\(try compute.insert(image))\(waiting)")
        }
        if let instance = plan.instance, let machine = plan.machine {
            plan.lines.append("\(compute.deleteInstance(instance.name))\n# if it is there and moby made it")
            var shown = instance
            // It may hold secrets.
            if let data = machine.data { shown.set("user-data", to: "(\(data.utf8.count) bytes of user data)") }
            plan.lines.append("\(try compute.insert(shown))\(waiting)")
            switch machine.console {
            case .interactive:
                let words = SerialGateway.command(plan.project, plan.zone, instance.name, nil, gateway: plan.gateway)
                plan.lines.append("# the serial console\n" + words.joined(separator: " "))
            case .output: plan.lines.append("\(compute.serialOutput(instance.name, from: 0))\n# again and again")
            case .none: break
            }
            if !machine.keeps, machine.console != .none { plan.lines.append("\(compute.deleteInstance(instance.name))\(waiting)") }
        }
        return plan
    }

    private let waiting = "\n# then its operation is asked for until it is done"

    private func puts(_ size: UInt64) -> String {
        let count = max(1, (size + chunk - 1) / chunk)
        return "# the bytes, in \(count) request\(count == 1 ? "" : "s") of at most \(chunk) bytes, unless the object has them\n"
            + "PUT (the address in the answer's Location)\nContent-Range: bytes 0-\(min(size, chunk) - min(1, size))/\(size)"
    }
}
