/// The fields that both YAML and the label `org.mobyproject.config` have. nil is absent; an empty list is a statement.
/// `locations` holds, by YAML key (nested ones dotted, `runtime.mkdir`), where each present field was written.
public struct ContainerOptions: Sendable {
    public var capabilities: [String]?
    public var capabilitiesAdd: [String]?
    public var ambient: [String]?
    public var mounts: [MountSpec]?
    public var binds: [String]?
    public var bindsAdd: [String]?
    public var devices: [DeviceSpec]?
    public var tmpfs: [String]?
    public var command: [String]?
    public var env: [String]?
    public var cwd: String?
    public var net: String?
    public var pid: String?
    public var ipc: String?
    public var uts: String?
    public var userns: String?
    public var hostname: String?
    public var readonly: Bool?
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
    public var rlimits: [String]?
    public var uidMappings: [IDMapping]?
    public var gidMappings: [IDMapping]?
    public var annotations: [String: String]?
    public var runtime: RuntimeSpec?
    /// Ours, not LinuxKit's: `on-failure`, `always` or `no`; services only.
    public var restart: String?
    /// Ours: seconds an onboot or onshutdown container may take.
    public var timeout: Int?
    /// Ours: `continue`, `poweroff` or `reboot` when an onboot container fails.
    public var onFailure: String?

    public var locations: [String: SourceLocation] = [:]

    public init() {}
}
