/// The `runtime` section: each member is merged on its own.
public struct RuntimeSpec: Sendable, Equatable {
    public var cgroups: [String]?
    public var mounts: [MountSpec]?
    public var mkdir: [String]?
    public var interfaces: [InterfaceSpec]?
    public var bindNS: [String: String]?
    public var namespace: String?
    /// What LinuxKit once had instead of ``ContainerOptions/restart``, and what becomes of it when the container has
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
    public var major: Int64 = 0
    public var minor: Int64 = 0
    /// Permission bits; nil only for `path: all`.
    public var mode: UInt32?
}

/// A network link to make or to move when the container starts.
public struct InterfaceSpec: Sendable, Equatable {
    public var name: String?
    public var add: String?
    public var peer: String?
    public var createInRoot: Bool?
    public init() {}
}
