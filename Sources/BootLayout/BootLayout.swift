/// Where things lie in the guest, as the assembler writes them and PID 1 reads them.
public enum BootLayout {
    /// Image trees: `/images/<first 16 hex digits of the manifest digest>`.
    public static let images = "/images"
    /// Bundles run one after another at boot: `NNN-name`.
    public static let onboot = "/containers/onboot"
    /// Bundles run one after another at shutdown: `NNN-name`.
    public static let onshutdown = "/containers/onshutdown"
    /// Bundles of the services: `name`.
    public static let services = "/containers/services"
    /// Volumes: `name/{lower,tmp,merged}`.
    public static let volumes = "/containers/volumes"
    /// The last entry of an initrd; PID 1 refuses to go on without it.
    public static let sentinel = "/etc/moby/sentinel"
    /// The ``MachineSettings``; absent when they are the defaults.
    public static let machine = "/etc/moby/machine.json"
    /// The word of the kernel command line that says where the root is when it is not in the initrd:
    /// `moby.root=UUID=…`.
    public static let rootWord = "moby.root"
    /// What an init that knows ``rootWord`` has among its texts, so that the assembler can tell.
    public static let rootFeatureMarker = "taking the root from a disk"
    /// What an image has for folders that PID 1 mounts file systems in memory on (`/run`, `/tmp`, `/var`): a tree that
    /// PID 1 copies over `/` after that.
    public static let overmountPath = "/etc/moby/overmount"
    /// Text shown on every console at boot.
    public static let banner = "/etc/issue"
    /// The kernel parameter that lets PID 1 listen on the agent's ports: the hypervisor's owner may then run programs
    /// in the guest. The presence of a port does not, since any hypervisor can add one to a machine.
    public static let agentWord = "moby.agent"
    /// Names of the agent's virtio-serial ports are this and a number; each carries one conversation at a time.
    public static let agentPort = "moby.agent."
    /// What the machine itself keeps, if it can: on the disk with the label `MOBY_DATA` when that is mounted.
    public static let state = "/var/lib/moby"
    /// Where the `service` command reaches PID 1.
    public static let controlSocket = "/run/moby.sock"
    /// In a bundle: the OCI runtime configuration.
    public static let configuration = "config.json"
    /// In a bundle: the ``RuntimeRecord``.
    public static let record = "runtime.json"
}

/// The file systems that a root on a disk can have.
public enum RootFileSystem: Sendable, CaseIterable {
    case erofs, iso9660

    /// As mount(2) and people know it.
    public var type: String {
        switch self {
        case .erofs: "erofs"
        case .iso9660: "iso9660"
        }
    }

    /// The kernel module.
    public var module: String {
        switch self {
        case .erofs: "erofs"
        case .iso9660: "isofs"
        }
    }

    /// How a kernel command line names such a root; a UUID or a label follows.
    public var parameter: String {
        switch self {
        case .erofs: "\(BootLayout.rootWord)=UUID="
        case .iso9660: "\(BootLayout.rootWord)=LABEL="
        }
    }

    /// For messages.
    public var name: String {
        switch self {
        case .erofs: "EROFS"
        case .iso9660: "ISO 9660"
        }
    }

    /// What an init that mounts such a root has among its texts, so that the assembler can tell.
    public var featureMarker: String {
        switch self {
        case .erofs: BootLayout.rootFeatureMarker
        case .iso9660: "taking the root from a disk with ISO 9660"
        }
    }
}
