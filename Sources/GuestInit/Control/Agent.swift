internal import BootLayout
internal import Glibc
internal import GuestSystem

/// Answers the host of this machine on the agent's virtio-serial ports: runs programs, reports services, sends logs and
/// files. Each port is a conversation of its own.
final class Agent {
    private let supervisor: Supervisor
    private let isUp: () -> Bool
    private let shutdown: (ShutdownKind) -> Void
    private let root: String
    private let devices: String
    private var ports: [String: AgentSession] = [:]

    /// How often PID 1 shows that it is alive while a request is not answered yet.
    static let heartbeat: Milliseconds = 5000

    /// - Parameters:
    ///   - isUp: whether the boot is complete.
    ///   - root: folder of the ports in sysfs.
    ///   - devices: folder of device files.
    init(
        supervisor: Supervisor, isUp: @escaping () -> Bool, shutdown: @escaping (ShutdownKind) -> Void,
        root: String = "/sys/class/virtio-ports", devices: String = "/dev"
    ) {
        self.supervisor = supervisor
        self.isUp = isUp
        self.shutdown = shutdown
        self.root = root
        self.devices = devices
    }

    /// Opens the agent's ports that have appeared. The kernel announces a port before it knows its name, so this is
    /// called for each event of these devices.
    func openPorts() throws(SystemError) {
        for name in Files.names(in: root) where ports[name]?.isOpen != true {
            guard let title = Files.text("\(root)/\(name)/name"), title.hasPrefix(BootLayout.agentPort) else {
                continue
            }
            let path = "\(devices)/\(name)"
            let file = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            guard file >= 0 else { throw SystemError("opening", path) }
            ports[name] = try session(on: file)
        }
    }

    func session(on file: Int32) throws(SystemError) -> AgentSession {
        try AgentSession(file: file, supervisor: supervisor, isUp: isUp, shutdown: shutdown)
    }
}
