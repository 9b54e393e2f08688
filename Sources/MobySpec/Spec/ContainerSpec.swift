public import BootLayout
public import JSON

/// An entry of `onboot`, `onshutdown` or `services`.
public struct ContainerSpec: Sendable {
    public var name: String
    public var image: Located<String>
    public var location: SourceLocation
    public var options = ContainerOptions()
}

/// The fields that both YAML and the label `org.mobyproject.config` have. nil is absent; an empty list is a statement.
/// `locations` holds, by YAML key (nested ones dotted, `runtime.mkdir`), where each present field was written.
public struct ContainerOptions: Sendable {
    public var capabilities: [String]?
    public var capabilitiesAdd: [String]?
    public var ambient: [String]?
    public var mounts: [MountSpec]?
    public var binds: [Bind]?
    public var bindsAdd: [Bind]?
    public var devices: [DeviceNode]?
    public var tmpfs: [Tmpfs]?
    public var command: [String]?
    public var env: [String]?
    public var cwd: String?
    public var net: Namespace?
    public var pid: Namespace?
    public var ipc: Namespace?
    public var uts: Namespace?
    public var userns: Namespace?
    public var hostname: String?
    public var readonly: Bool?
    /// moby only: how much a writable root may hold.
    public var size: RootSize?
    /// moby only: a writable root keeps its changes from run to run.
    public var keep: Bool?
    /// moby only: which system calls the container may make.
    public var seccomp: Seccomp?
    /// moby only: name of the AppArmor profile that its program runs under.
    public var apparmor: String?
    public var maskedPaths: [String]?
    public var readonlyPaths: [String]?
    public var uid: Identity?
    public var gid: Identity?
    public var additionalGids: [Identity]?
    public var noNewPrivileges: Bool?
    public var oomScoreAdj: Int?
    public var rootfsPropagation: String?
    public var cgroupsPath: String?
    public var resources: JSONValue?
    public var sysctl: [String: String]?
    public var rlimits: [RLimit]?
    public var uidMappings: [IDMapping]?
    public var gidMappings: [IDMapping]?
    public var annotations: [String: String]?
    public var runtime: RuntimeSpec?
    /// moby only: what happens when a service ends.
    public var restart: RuntimeRecord.Restart?
    /// moby only: seconds that an onboot or onshutdown container may take.
    public var timeout: Int?
    /// moby only: what happens to the machine when the container fails.
    public var onFailure: RuntimeRecord.OnFailure?
    /// moby only: milliseconds that a service may take to end when it is asked to.
    public var stopGrace: Int?
    /// moby only: a first process that passes on signals and reaps.
    public var hasReaper: Bool?
    /// moby only: services that must be ready first.
    public var after: [String]?
    /// moby only: a service that starts before the onboot containers.
    public var isEarly: Bool?
    /// moby only: whether the boot needs a service.
    public var isRequired: Bool?
    public var ready: Supervision.Readiness?
    public var health: HealthSpec?

    public var locations: [String: SourceLocation] = [:]

    public init() {}
}

/// Whether and how the health of a service is checked.
public enum HealthSpec: Sendable, Equatable {
    case off
    /// As the image's `Healthcheck` says.
    case image
    case checked(Supervision.Health)
}

/// A range of a user namespace (user_namespaces(7)).
public struct IDMapping: Sendable, Equatable {
    public var hostID: UInt32
    public var containerID: UInt32
    public var size: UInt32
    public init(hostID: UInt32, containerID: UInt32, size: UInt32) {
        self.hostID = hostID
        self.containerID = containerID
        self.size = size
    }
}

/// A user or group: a number, or the name of a container whose number it shares.
public enum Identity: Sendable, Equatable {
    case number(UInt32)
    case container(String)
}
