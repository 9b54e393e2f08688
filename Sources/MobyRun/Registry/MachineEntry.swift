internal import Extents
internal import FoundationEssentials
internal import Glibc

/// A machine that runs on this host, as its folder in the ``MachineRegistry`` describes it.
public struct MachineEntry: Codable, Sendable, Equatable {
    /// Unique among the machines that run.
    public var name: String
    /// QEMU's process; while it is being started, that of moby.
    public var pid: Int32
    /// When that process started, in clock ticks since the host's boot: a number of a process is used again.
    var ticks: UInt64
    /// Whether QEMU runs.
    public var isStarted = false
    /// What it boots from: the argument of `moby run`.
    public var image: String
    /// Seconds since 1970.
    public var started: Int
    /// As `--publish` has them.
    public var ports: [String]
    /// The file with its console; nil when the console is on the terminal of `moby run`.
    public var console: String?
    public var state: String?
    /// Whether it has the agent's ports.
    public var hasAgent: Bool
    /// The registry's folder for this machine; not part of the file.
    public internal(set) var folder = ""

    enum CodingKeys: String, CodingKey {
        case name, pid, ticks, isStarted, image, started, ports, console, state, hasAgent
    }

    /// Whether it runs in the background.
    public var isDetached: Bool { console != nil }
    /// QEMU's control protocol.
    var controlSocket: String { MachineSockets(folder: folder).control }

    /// Whether its process still exists.
    var isAlive: Bool { ProcessClock.ticks(of: pid) == ticks }

    /// `starting`, `running`, or what else QEMU reports, such as `paused`.
    public var status: String {
        guard isStarted else { return "starting" }
        // Another program may talk to QEMU right now.
        return QMP(connecting: controlSocket)?.status() ?? "running"
    }

    /// How long it has run, in seconds.
    public var uptime: Int { max(0, time(nil) - started) }
}

/// The sockets of a machine, in its folder of the registry.
struct MachineSockets: Sendable, Equatable {
    let folder: String

    /// Conversations with the agent at a time: each port carries one.
    static let agentPorts = 4

    var control: String { folder + "/control" }
    var console: String { folder + "/console" }
    func agent(_ number: Int) -> String { "\(folder)/agent.\(number)" }
}

/// When processes were started, from /proc.
enum ProcessClock {
    /// In clock ticks since the host's boot (proc(5), stat, field 22); nil when the process does not exist.
    static func ticks(of pid: Int32) -> UInt64? {
        // A process that has ended is not an error.
        guard pid > 0, let text = try? HostFiles.text("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: name)...].split(separator: " ")
        // A zombie has ended.
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }
}
