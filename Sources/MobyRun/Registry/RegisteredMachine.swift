internal import Extents
internal import Glibc
internal import Synchronization

/// How a machine is to be registered.
struct MachineRegistration: Sendable, Equatable {
    var registry: MachineRegistry
    var folder: String
    var name: String
    /// Whether the user named it; otherwise a name that is taken gets a number.
    var isNamed: Bool
    var image: String
    var ports: [String]
    var console: String?
    var state: String?
    var hasAgent: Bool
}

/// The entry of a machine for as long as this program looks after the machine.
final class RegisteredMachine: Sendable {
    private let registry: MachineRegistry
    private let current: Mutex<(entry: MachineEntry, isLeft: Bool)>

    /// - Returns: nil for a machine that is not registered.
    init?(_ registration: MachineRegistration?) throws {
        guard let registration else { return nil }
        registry = registration.registry
        var entry = MachineEntry(
            name: registration.name, pid: 0, ticks: 0, image: registration.image, started: time(nil),
            ports: registration.ports, console: try registration.console.map(Self.absolute),
            state: try registration.state.map(Self.absolute), hasAgent: registration.hasAgent)
        entry.folder = registration.folder
        current = Mutex((try registry.add(entry, isNamed: registration.isNamed), false))
    }

    /// Other commands run in other folders.
    private static func absolute(_ path: String) throws -> String {
        path.hasPrefix("/") ? path : try HostFiles.currentFolder() + "/" + path
    }

    deinit { end() }

    /// The machine has ended, unless it was left.
    func end() {
        current.withLock {
            if !$0.isLeft { MachineRegistry.remove($0.entry.folder) }
            $0.isLeft = true
        }
    }

    var entry: MachineEntry { current.withLock { $0.entry } }

    /// Notes the machine's process.
    func started(_ pid: Int32) throws {
        try current.withLock { try registry.update(&$0.entry, pid: pid, isStarted: true) }
    }

    /// The machine runs on without this program; the registry removes it when it has ended.
    func leave(to pid: Int32) throws {
        try started(pid)
        current.withLock { $0.isLeft = true }
    }
}
