internal import Extents
internal import GCP

/// Everything that will be asked of Google, decided beforehand. Printed, it is what `--dry-run` shows: each request,
/// without secrets.
public struct GCPPlan: Sendable, CustomStringConvertible {
    struct Upload: Sendable {
        var source: UploadSource
        var bucket: String
        var object: String
        var isPublic: Bool
        /// Makes the bucket when it is not there.
        var create: APICall?
    }

    var project: String
    var zone: String
    /// Questions, before any byte is sent.
    var checks: [APICall] = []
    /// What the account must be allowed to do in the project, and the question.
    var permissions: [String] = []
    var permissionCheck: APICall?
    var upload: Upload?
    var image: MachineImage?
    var replacesImage = false
    /// Its metadata has ``GCPPlan/keyPlace`` where the key made for the run will be.
    var instance: Instance?
    var machine: GCPMachine?
    /// Host and port of the serial console, when it is not Google's.
    var gateway: String?
    var steps: [GCPStep] = []

    /// Stands for the public key that is made when the machine is started.
    static let keyPlace = "(public key made for this run)"

    /// Requests as they will be sent, blank lines between them.
    public var description: String { steps.map(\.text).joined(separator: "\n\n") }

    /// The same for programs: an array of objects with `method`, `url` and `body`.
    public var json: String { "[\n\(steps.compactMap(\.json).joined(separator: ",\n"))\n]" }
}

/// A step of a plan as `--dry-run` shows it.
struct GCPStep: Sendable {
    /// For people.
    let text: String
    /// For programs: an object of `method`, `url` and `body`, where null is none. Nil for what is no request of HTTP.
    let json: String?

    /// What is no request of HTTP.
    init(_ text: String) { (self.text, json) = (text, nil) }

    /// - Parameter note: a line behind the request.
    init(_ call: APICall, note: String? = nil) throws {
        text = note.map { "\(call)\n# \($0)" } ?? "\(call)"
        json = try Self.object(call.method, call.url, call.body)
    }

    init(_ text: String, _ method: String, _ url: String) throws {
        self.text = text
        json = try Self.object(method, url, nil)
    }

    /// - Parameter body: JSON.
    private static func object(_ method: String, _ url: String, _ body: String?) throws -> String {
        let words = try [method, url].map { String(decoding: try JSONText.compact($0), as: UTF8.self) }
        let body = (body ?? "null").replacing("\n", with: "\n    ")
        return "  {\n    \"method\" : \(words[0]),\n    \"url\" : \(words[1]),\n    \"body\" : \(body)\n  }"
    }
}

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
        try publication.check()
        let tarball = try GCPTarball.inspect(publication.file)
        let (bucket, object) = (publication.bucketName, publication.object)
        var upload = GCPPlan.Upload(
            source: tarball.source, bucket: bucket, object: object, isPublic: publication.isPublic)
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
            features: (uefi ? ["UEFI_COMPATIBLE"] : []) + ["GVNIC", "VIRTIO_SCSI_MULTIQUEUE"],
            nested: publication.nested,
            labels: GCP.labels)
        plan.replacesImage = publication.replaces
        plan.permissions += GCPPermissions.image(replaces: publication.replaces)
    }

    mutating func add(_ machine: GCPMachine, _ publication: GCPPublication?) throws {
        try GCPNames.project(machine.project)
        try GCPNames.zone(machine.zone)
        try GCPNames.machineType(machine.machine)
        let image = machine.image ?? publication?.imageName ?? ""
        let name = machine.name ?? image
        try GCPNames.resource(name, "instance", option: "--name")
        if plan.image == nil {
            try GCPNames.resource(image, "image", option: "'moby run gcp IMAGE'")
            plan.checks += [compute.projectFacts, compute.image(image)]
        }
        plan.checks += [compute.zoneFacts, compute.machineType(machine.machine), compute.instance(name)]
        var instance = Instance(
            name, machine: machine.machine, zone: machine.zone,
            image: "projects/\(machine.project)/global/images/\(image)",
            labels: GCP.labels)
        try add(machine.disks, to: &instance)
        try describe(machine, &instance)
        plan.instance = instance
        plan.machine = machine
        plan.permissions += GCPPermissions.instance(machine)
    }

    /// The first disk is called like the machine.
    private func add(_ disks: [(name: String?, size: Int)], to instance: inout Instance) throws {
        var names: Set = [instance.name]
        for (index, disk) in disks.enumerated() {
            let name = disk.name ?? "\(instance.name)-disk-\(index)"
            try GCPNames.resource(name, "disk", option: "--disk NAME,size=10")
            guard names.insert(name).inserted else {
                let other = name == instance.name ? "the machine's first disk" : "another disk"
                throw RunError(
                    "disk '\(name)' is called like \(other)", hint: "choose another name with --disk NAME,size=10")
            }
            guard (1...GCPMachine.largestDisk).contains(disk.size) else {
                throw RunError(
                    "disk '\(name)' has \(disk.size) GB, expected 1 to \(GCPMachine.largestDisk)",
                    hint: "write --disk NAME,size=10")
            }
            instance.add(disk: name, size: disk.size)
        }
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
            instance.networkInterfaces[0].network = try machine.network.map { try GCPNames.network($0) }
            instance.networkInterfaces[0].subnetwork = try machine.subnetwork.map {
                try GCPNames.subnetwork($0, project: machine.project, zone: machine.zone)
            }
        }
        for tag in machine.tags { try GCPNames.tag(tag) }
        if !machine.tags.isEmpty { instance.tags = Instance.Tags(items: machine.tags) }
        if machine.nested { instance.minCpuPlatform = try nestingPlatform(of: machine.machine) }
        if machine.vtpm { instance.shieldedInstanceConfig = Instance.Shielded(enableVtpm: true) }
    }

    /// The oldest processor that nests, for machines of the first generation alone: they may get an older one, all
    /// others have newer ones and refuse this ("Nested virtualization", "Restrictions").
    private func nestingPlatform(of type: String) throws -> String? {
        if let series = ["e2", "n2d", "c2d", "t2d", "c3d", "t2a"].first(where: { type.hasPrefix("\($0)-") }) {
            throw RunError(
                "machines of the series \(series), like '\(type)', start no machines of their own",
                hint: "choose another --machine, such as n2-standard-2, or leave --nested-virt out")
        }
        return type.hasPrefix("n1-") || type.hasPrefix("custom-") ? "Intel Haswell" : nil
    }

    func finish() throws -> GCPPlan {
        var plan = plan
        if !plan.permissions.isEmpty,
            let check = try Projects.permissions(plan.permissions, in: plan.project, endpoints)
        {
            plan.permissionCheck = check
            plan.checks.insert(check, at: min(1, plan.checks.count))
        }
        plan.steps = try plan.checks.map { try GCPStep($0) }
        if let upload = plan.upload {
            if let create = upload.create { plan.steps.append(try GCPStep(create, note: "unless it is there")) }
            plan.steps.append(
                try GCPStep(storage.begin(upload.bucket, upload.object, upload.source, isPublic: upload.isPublic)))
            plan.steps.append(try puts(upload.source.size))
        }
        if let image = plan.image {
            if plan.replacesImage {
                plan.steps.append(try GCPStep(compute.deleteImage(image.name), note: "if it is there"))
            }
            plan.steps.append(try GCPStep(compute.insert(image), note: waiting))
        }
        if let instance = plan.instance, let machine = plan.machine { plan.steps += try steps(instance, machine) }
        return plan
    }

    private func steps(_ instance: Instance, _ machine: GCPMachine) throws -> [GCPStep] {
        var steps = [try GCPStep(compute.deleteInstance(instance.name), note: "if it is there and moby made it")]
        var shown = instance
        // It may hold secrets.
        if let data = machine.data { shown.set("user-data", to: "(\(data.utf8.count) bytes of user data)") }
        steps.append(try GCPStep(compute.insert(shown), note: waiting))
        switch machine.console {
        case .interactive:
            let words = SerialGateway.command(plan.project, plan.zone, instance.name, nil, gateway: plan.gateway)
            steps.append(GCPStep("# the serial console\n" + words.joined(separator: " ")))
        case .output: steps.append(try GCPStep(compute.serialOutput(instance.name, from: 0), note: "again and again"))
        case .none: break
        }
        if !machine.keeps, machine.console != .none {
            steps.append(try GCPStep(compute.deleteInstance(instance.name), note: waiting))
        }
        return steps
    }

    private let waiting = "then its operation is asked for until it is done"

    private func puts(_ size: UInt64) throws -> GCPStep {
        let count = max(1, (size + chunk - 1) / chunk)
        let (method, url) = ("PUT", "(the address in the answer's Location)")
        return try GCPStep(
            "# the bytes, in \(count) request\(count == 1 ? "" : "s") of at most \(chunk) bytes, unless the object has them\n"
                + "\(method) \(url)\nContent-Range: bytes 0-\(min(size, chunk) - min(1, size))/\(size)", method, url)
    }
}

/// What an account must be allowed to do in a project (Compute Engine, "Method: images.insert" and "Method:
/// instances.insert").
enum GCPPermissions {
    /// For an image made of a stored file.
    static func image(replaces: Bool) -> [String] {
        ["compute.images.create", "compute.images.get", "compute.images.setLabels"]
            + (replaces ? ["compute.images.delete"] : [])
    }

    /// For a machine that is started, watched and deleted.
    static func instance(_ machine: GCPMachine) -> [String] {
        var names = [
            "compute.disks.create", "compute.images.useReadOnly", "compute.instances.create", "compute.instances.get",
            "compute.instances.setLabels", "compute.instances.setMetadata",
        ]
        if !machine.tags.isEmpty { names.append("compute.instances.setTags") }
        if machine.console == .output { names.append("compute.instances.getSerialPortOutput") }
        if !machine.keeps, machine.console != .none { names.append("compute.instances.delete") }
        // Not those of networks: they may be given for one subnetwork, or be another project's.
        return names
    }
}
