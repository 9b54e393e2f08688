public import BootLayout
public import JSON

/// An entry of `onboot`, `onshutdown` or `services`.
public struct ContainerSpec: Sendable {
    public var name: String
    public var image: Located<String>
    public var location: SourceLocation
    public var options = ContainerOptions()

    public init(name: String, image: Located<String>, location: SourceLocation) {
        self.name = name
        self.image = image
        self.location = location
    }
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

    public var locations: [String: SourceLocation] = [:]

    public init() {}
}

/// The `runtime` section: each member is merged on its own.
public struct RuntimeSpec: Sendable, Equatable {
    public var cgroups: [String]?
    public var mounts: [MountSpec]?
    public var mkdir: [String]?
    public var interfaces: [InterfaceSpec]?
    public var bindNS: [String: String]?
    public var namespace: String?
    /// What LinuxKit once had in place of ``ContainerOptions/restart``, and what becomes of it when the container has
    /// been read.
    var noRestart: Bool?
    public init() {}
}

/// A mount: into a container, or in the root namespace before the container is made.
public struct MountSpec: Sendable, Equatable {
    public var destination: String?
    public var type: String?
    public var source: String?
    public var options: [String]?
    public var uidMappings: [IDMapping]?
    public var gidMappings: [IDMapping]?
    public init() {}
}

extension MountSpec {
    /// File systems that say by their type what their source is, and where they usually are.
    private static let usualDestinations = [
        "proc": "/proc", "devpts": "/dev/pts", "sysfs": "/sys", "cgroup": "/sys/fs/cgroup", "mqueue": "/dev/mqueue",
    ]

    public var isBind: Bool { type == "bind" || (options ?? []).contains { $0 == "bind" || $0 == "rbind" } }

    /// The type, or the one that the other keys imply. A mount of a container has one.
    public var impliedType: String? {
        if let type, !type.isEmpty { return type }
        if isBind { return "bind" }
        if let source, Self.usualDestinations[source] != nil { return source }
        return destination == "/dev" ? "tmpfs" : nil
    }

    /// The destination, or the usual one of the type. A mount of a container has one.
    public var impliedDestination: String? {
        if let destination, !destination.isEmpty { return destination }
        return impliedType.flatMap { Self.usualDestinations[$0] }
    }
}

/// A device node of a container.
public struct DeviceNode: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case character = "c"
        case block = "b"
        case all = "a"
        case unbuffered = "u"
        case pipe = "p"
    }

    public var path: String
    public var kind: Kind
    public var major: Int64
    public var minor: Int64
    /// Permission bits; nil only for `path: all`.
    public var mode: UInt32?

    public init(path: String, kind: Kind, major: Int64 = 0, minor: Int64 = 0, mode: UInt32? = nil) {
        self.path = path
        self.kind = kind
        self.major = major
        self.minor = minor
        self.mode = mode
    }
}

/// A network link to make or to move when the container starts.
public struct InterfaceSpec: Sendable, Equatable {
    public var name: String?
    public var add: String?
    public var peer: String?
    public var createInRoot: Bool?
    public init() {}
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
