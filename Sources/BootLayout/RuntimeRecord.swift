/// `runtime.json` beside a container's `config.json`: what PID 1 prepares around runc. The first six members are
/// LinuxKit's; the rest is ours, and other inits ignore it.
public struct RuntimeRecord: Sendable, Equatable {
    public struct Mount: Sendable, Equatable {
        public var destination: String
        public var type: String
        public var source: String
        public var options: [String]

        public init(destination: String, type: String = "", source: String = "", options: [String] = []) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }
    }

    public struct Interface: Sendable, Equatable {
        public var name: String
        /// Kind of link to make (`veth`, `dummy`, `wireguard`, …); empty moves the existing link.
        public var add: String
        public var peer: String
        public var createInRoot: Bool

        public init(name: String, add: String = "", peer: String = "", createInRoot: Bool = false) {
            self.name = name
            self.add = add
            self.peer = peer
            self.createInRoot = createInRoot
        }
    }

    /// What becomes of a service that ended.
    public enum Restart: String, Sendable { case onFailure = "on-failure", always, no }
    /// What becomes of the machine when an onboot container fails, or a service that is not started again.
    public enum OnFailure: String, Sendable { case `continue`, poweroff, reboot }

    public var cgroups: [String] = []
    public var mounts: [Mount] = []
    public var mkdir: [String] = []
    public var interfaces: [Interface] = []
    /// Namespace kind (`cgroup`, `ipc`, `mnt`, `net`, `pid`, `user`, `uts`) to the path it is bound to.
    public var bindNS: [String: String] = [:]
    /// containerd's namespace for services; kept for LinuxKit's init.
    public var namespace = ""
    public var restart: Restart = .onFailure
    /// Seconds that an onboot or onshutdown container may take; 0 is no limit, nil the limit of its section:
    /// ``onbootLimit``, ``onshutdownLimit``.
    public var timeout: Int?
    public var onFailure: OnFailure = .continue

    public init() {}

    /// Seconds that an onboot container may take when nothing else is said.
    public static let onbootLimit = 120
    /// Seconds that an onshutdown container may take when nothing else is said.
    public static let onshutdownLimit = 30
}
