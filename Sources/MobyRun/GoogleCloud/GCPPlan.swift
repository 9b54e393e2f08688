internal import Cloud
internal import GCP

/// All requests to Google, decided beforehand: `--dry-run` prints them, without secrets, and ``GCPExecutor`` sends
/// them.
public struct GCPPlan: Sendable, CustomStringConvertible {
    var cloud = CloudPlan<GCPAction>()
    var project: String
    var zone: String
    /// What a run that succeeds has created.
    var result = GCPResult()
    /// Placeholder → value that is not printed, as user data.
    var secrets: [String: String] = [:]
    /// What to delete later when the machine stays: its name and the command.
    var instance: CloudResource<GCPAction>?

    /// The requests as they are sent, with blank lines between them.
    public var description: String { cloud.description }

    /// The same for programs: an array of objects with `method`, `url` and `body`.
    public var json: String { get throws { try cloud.json } }
}

/// How the calls of a step are sent to Google, and how their answers are read.
enum GCPAction: Sendable {
    /// Any success will do.
    case send
    /// Looks something up and judges it; a 404 is not an error.
    case find(@Sendable (GoogleClient, CloudCall) async throws -> Presence)
    case checkPermissions(GCPPermissions)
    /// A change of Compute Engine, whose operation is polled until it is done.
    case change(Compute.Scope)
    case upload(UploadSource, bucket: String, object: String)
    case fetchGatewayKeys
    case readAddress
    case showSerialPort(String)
    case connectSerialPort(String)

    /// - Parameter judge: gets nil for what does not exist.
    static func find<Facts: Decodable & SendableMetatype>(
        _ type: Facts.Type, _ judge: @escaping @Sendable (Facts?) throws -> Presence
    )
        -> GCPAction
    {
        .find { client, call in try judge(try await client.find(call, as: type)) }
    }
}

/// The permissions that an account needs somewhere (Compute Engine, "Method: images.insert" and "Method:
/// instances.insert"), and the role that gives them.
struct GCPPermissions: Sendable {
    let names: [String]
    /// `project 'web'`.
    let owner: String
    let role: String
    /// Whether to go on when the API cannot be asked: it is disabled, or outside of the token's scopes.
    let isOptional: Bool

    static func project(_ job: GCPJob) -> [String] {
        var names: [String] = []
        if let publication = job.publication, publication.goal == .image {
            names += ["compute.images.create", "compute.images.get", "compute.images.setLabels"]
            if publication.replaces { names.append("compute.images.delete") }
        }
        guard let machine = job.machine else { return names }
        names += [
            "compute.disks.create", "compute.images.useReadOnly", "compute.instances.create", "compute.instances.get",
            "compute.instances.setLabels", "compute.instances.setMetadata",
        ]
        if !machine.tags.isEmpty { names.append("compute.instances.setTags") }
        if machine.console == .output { names.append("compute.instances.getSerialPortOutput") }
        if machine.isDeletedAtEnd { names.append("compute.instances.delete") }
        // Not those of networks: they may be given for one subnetwork, or belong to another project.
        return names
    }
}
