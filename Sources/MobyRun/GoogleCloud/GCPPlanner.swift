internal import Cloud
internal import GCP

/// Makes a plan: all checks, then upload, image, machine, console, and the end.
struct GCPPlanner {
    private let job: GCPJob
    private let endpoints: Endpoints
    private let storage: Storage.Calls
    private let compute: Compute.Calls
    private var plan: GCPPlan

    private init(_ job: GCPJob, _ endpoints: Endpoints) {
        (self.job, self.endpoints) = (job, endpoints)
        plan = GCPPlan(project: job.project, zone: job.machine?.zone ?? "-")
        storage = Storage.Calls(endpoints)
        compute = Compute.Calls(endpoints, project: plan.project, zone: plan.zone)
    }

    /// - Throws: ``RunError`` for names, files and combinations that Google would refuse; `FileError`.
    static func plan(_ job: GCPJob, _ endpoints: Endpoints) throws -> GCPPlan {
        try job.publication?.check()
        let instance = try job.machine?.instance(of: job.image)
        let tarball = try job.publication.map { try GCPTarball.inspect($0.file) }
        var image: MachineImage?
        if let publication = job.publication, publication.goal == .image {
            image = publication.image(isEFI: tarball?.isEFI ?? false)
        }
        if let image, job.machine?.vtpm == true, !image.bootsByUEFI {
            throw RunError(
                "a virtual TPM needs an image that boots by UEFI",
                hint: "build it with --format gcp, or leave --vtpm out")
        }
        var planner = GCPPlanner(job, endpoints)
        if image != nil || instance != nil { try planner.checkProject() }
        if let publication = job.publication { planner.checkBucket(publication, tarball?.source) }
        planner.checkImages(image)
        if let machine = job.machine, let instance { planner.checkMachine(machine, instance.name) }
        if let publication = job.publication, let tarball { try planner.store(publication, tarball.source) }
        if let image { try planner.make(image) }
        if let machine = job.machine, let instance { try planner.start(machine, instance) }
        return planner.plan
    }

    private mutating func add(
        _ calls: CloudCall..., action: GCPAction, if condition: Condition? = nil,
        _ change: (inout CloudStep<GCPAction>) -> Void = { _ in }
    ) {
        var step = CloudStep(calls, action, if: condition)
        change(&step)
        if case .change = action { step.note = "then polls the operation until it is done" }
        plan.cloud.steps.append(step)
    }
}

/// Checks, before the first byte is sent.
extension GCPPlanner {
    private mutating func checkProject() throws {
        add(compute.projectFacts, action: .send)
        let needed = GCPPermissions(
            names: GCPPermissions.project(job), owner: "project '\(plan.project)'",
            role: "roles/compute.instanceAdmin.v1", isOptional: true)
        if let call = try Projects.permissions(needed.names, in: plan.project, endpoints) {
            add(call, action: .checkPermissions(needed))
        }
    }

    private mutating func checkBucket(_ publication: GCPPublication, _ source: UploadSource?) {
        let (bucket, object) = (publication.bucketName, publication.object)
        let (owner, name) = ("bucket '\(bucket)'", "gs://\(bucket)/\(object)")
        // A bucket that is named must exist; the default one is created.
        var condition: Condition?
        if publication.bucket == nil {
            condition = .exists(owner)
            let action = GCPAction.find { client, call in
                do { try await client.send(call) } catch let error as GoogleError where error.status == 404 {
                    return .missing
                }
                return .exists
            }
            add(storage.bucket(bucket), action: action) { $0.finds = owner }
        } else {
            add(storage.bucket(bucket), action: .send)
        }
        if !endpoints.storageIsEmulated {
            let needed = GCPPermissions(
                names: Storage.permissions, owner: owner, role: "roles/storage.objectAdmin", isOptional: false)
            add(storage.permissions(bucket), action: .checkPermissions(needed), if: condition)
        }
        let find = GCPAction.find(StoredObject.self) { object in
            guard let object else { return .missing }
            return source?.isSame(as: object) == true ? .upToDate : .exists
        }
        add(storage.object(bucket, object), action: find, if: condition) { $0.finds = name }
    }

    private mutating func checkImages(_ image: MachineImage?) {
        if let image {
            let replaces = job.publication?.replaces == true
            let find = GCPAction.find(ImageFacts.self) { facts in
                guard facts != nil else { return .missing }
                guard replaces else {
                    throw RunError(
                        "image '\(image.name)' already exists",
                        hint: "add 'replace: true' next to the format, or give the build another --name")
                }
                return .exists
            }
            add(compute.image(image.name), action: find) { $0.finds = "image '\(image.name)'" }
        } else if case .runImage(let name, let machine) = job {
            let project = plan.project
            let find = GCPAction.find(ImageFacts.self) { facts in
                try machine.check(facts, name, project)
                return .exists
            }
            add(compute.image(name), action: find)
        }
    }

    private mutating func checkMachine(_ machine: GCPMachine, _ name: String) {
        add(compute.zoneFacts, action: .send)
        add(compute.machineType(machine.machine), action: .send)
        let find = GCPAction.find(InstanceFacts.self) { facts in
            guard let facts else { return .missing }
            guard facts.labels?["made-by"] == "moby" else {
                throw RunError(
                    "instance '\(name)' already exists and was not created by moby",
                    hint: "choose another name with --name, or delete it yourself")
            }
            return .exists
        }
        add(compute.instance(name), action: find) { $0.finds = "instance '\(name)'" }
    }
}

/// Changes.
extension GCPPlanner {
    private mutating func store(_ publication: GCPPublication, _ source: UploadSource) throws {
        let (bucket, object) = (publication.bucketName, publication.object)
        let name = "gs://\(bucket)/\(object)"
        if publication.bucket == nil {
            let call = try storage.create(
                bucket, project: publication.project, location: publication.location, isUniform: !publication.isPublic)
            let resource = CloudResource<GCPAction>(
                "bucket '\(bucket)'", removal: storage.deleteBucket(bucket), .send,
                command: "gcloud storage buckets delete gs://\(bucket)")
            add(call, action: .send, if: .missing(resource.name)) { $0.creates = resource }
        }
        let resource = CloudResource<GCPAction>(
            name, removal: storage.delete(bucket, object), .send, command: "gcloud storage rm \(name)")
        add(
            try storage.begin(bucket, object, source, isPublic: publication.isPublic),
            storage.bytes(of: source), action: .upload(source, bucket: bucket, object: object), if: .outOfDate(name)
        ) { $0.creates = resource }
        if publication.isPublic { add(try storage.publish(bucket, object), action: .send, if: .upToDate(name)) }
        (plan.result.object, plan.result.crc32c, plan.result.size) = (name, source.checksum, source.size)
        plan.result.uploaded = false
    }

    private mutating func make(_ image: MachineImage) throws {
        let resource = CloudResource<GCPAction>(
            "image '\(image.name)'", removal: compute.deleteImage(image.name), .change(.global),
            command: "gcloud compute images delete \(image.name) --project \(plan.project)")
        if job.publication?.replaces == true {
            add(resource.removal, action: resource.action, if: .exists(resource.name)) { $0.replaces = resource.name }
        }
        add(try compute.insert(image), action: .change(.global)) { $0.creates = resource }
        plan.result.image = "projects/\(plan.project)/global/images/\(image.name)"
    }

    private mutating func start(_ machine: GCPMachine, _ instance: Instance) throws {
        let resource = CloudResource<GCPAction>(
            "instance '\(instance.name)'", removal: compute.deleteInstance(instance.name), .change(.zone),
            command:
                "gcloud compute instances delete \(instance.name) --project \(plan.project) --zone \(plan.zone)",
            reasonToKeep: machine.keeps ? "kept by --skip-cleanup" : nil)
        add(resource.removal, action: resource.action, if: .exists(resource.name)) { $0.replaces = resource.name }
        if machine.console == .interactive {
            add(endpoints.gatewayKeys(in: GCPNames.region(of: plan.zone)), action: .fetchGatewayKeys)
        }
        add(try compute.insert(instance), action: .change(.zone)) {
            $0.creates = resource
            // The image is complete and in use: from here on a failure removes the machine only.
            $0.commits = true
        }
        add(compute.instance(instance.name), action: .readAddress)
        watch(machine, resource.name, instance.name)
        if machine.isDeletedAtEnd {
            add(resource.removal, action: resource.action, if: .exists(resource.name)) { $0.cleansUp = true }
        }
        if let data = machine.data { plan.secrets[GCPMachine.placeholder(of: data)] = data }
        (plan.instance, plan.result.instance, plan.result.zone) = (resource, instance.name, plan.zone)
    }

    private mutating func watch(_ machine: GCPMachine, _ resource: String, _ name: String) {
        switch machine.console {
        case .interactive:
            let words = SerialGateway.command(plan.project, plan.zone, name, gateway: endpoints.serialPort)
            add(action: .connectSerialPort(name)) { $0.program = ("connecting to the serial console", words) }
        case .output:
            add(
                compute.serialOutput(name, from: 0), compute.instance(name), action: .showSerialPort(name)
            ) {
                $0.finds = resource
                $0.note = "repeated until the machine stops, each time from where the output ended"
            }
        case .none: break
        }
    }
}
