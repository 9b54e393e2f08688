internal import BootLayout
internal import Extents
internal import MobyRun
internal import MobySpec

/// A machine under test, over all its boots.
final class MachineSession {
    private let qemu: QEMU
    private let guestPorts: [UInt16]
    private let note: (String) -> Void
    private(set) var handle: MachineHandle
    private var forwarding: SignalForwarding
    /// Published ports by those of the guest.
    private(set) var ports: [UInt16: PublishedPort]
    /// Consoles of earlier boots.
    private var earlier: [(text: String, lines: [String])] = []
    private var client: AgentClient?
    /// Logs of services and onboot containers by their names, of each boot, taken before the machine ended.
    private var takenLogs: [[String: [UInt8]]] = [[:]]
    /// Logs of services and onboot containers, of all boots.
    var logs: [String: [UInt8]] { takenLogs.reduce(into: [:]) { $0.merge($1) { $0 + $1 } } }
    /// From the start of the first QEMU until all services ran.
    var firstBoot: Duration?

    /// Starts the machine.
    /// - Parameters:
    ///   - build: folder and name of a build of one format.
    ///   - guestPorts: TCP ports of the guest to publish.
    ///   - state: folder for its disks.
    init(
        _ machine: MachineCase, build: String, guestPorts: [UInt16], state: String, accelerator: Accelerator.Choice,
        environment: [String: String], note: @escaping @Sendable (String) -> Void
    ) throws {
        (self.guestPorts, self.note) = (guestPorts, note)
        qemu = QEMU(
            machine.machine(ports: [], state: state, accelerator: accelerator), booting: build,
            preferences: BootPreferences(uefi: machine.firmware == .uefi), environment: environment, report: note)
        (handle, ports) = try Self.start(qemu, guestPorts)
        forwarding = handle.forwardingSignals()
    }

    deinit {
        handle.terminate()
        forwarding.stop()
    }

    private static func start(_ qemu: QEMU, _ guestPorts: [UInt16]) throws -> (MachineHandle, [UInt16: PublishedPort]) {
        var qemu = qemu
        qemu.machine.ports = try FreePorts.publish(guestPorts)
        let ports = Dictionary(qemu.machine.ports.map { ($0.guest, $0) }) { first, _ in first }
        return (try MachineHandle(starting: qemu), ports)
    }

    /// Starts QEMU again, with the same disks and on other ports.
    func boot() throws {
        handle.drain()
        earlier.append((handle.console, consoleLines(of: handle)))
        takenLogs.append([:])
        forwarding.stop()
        client = nil
        (handle, ports) = try Self.start(qemu, guestPorts)
        forwarding = handle.forwardingSignals()
    }

    /// A conversation with PID 1.
    /// - Parameter limit: how long PID 1 may take to answer when there is none yet.
    /// - Throws: `AgentError`.
    func agent(within limit: Duration) throws -> AgentClient {
        if let client { return client }
        guard let entry = handle.entry else { throw StepFailure("the machine has no agent") }
        let client = try AgentClient(entry, within: limit)
        self.client = client
        return client
    }

    /// After an error: what it sends next may be the rest of an answer.
    func forgetAgent() { client = nil }

    /// Takes the logs of this boot, as far as they have been written. A log that cannot be read does not fail the test.
    func takeLogs() {
        guard end == nil, handle.entry != nil else { return }
        do {
            let agent = try agent(within: .seconds(2))
            for name in try agent.state().services.map(\.name) {
                var text: [UInt8] = []
                try agent.logs(name) { text += $1.prefix(Self.largestLog - text.count) }
                takenLogs[takenLogs.count - 1][name] = text
            }
        } catch {
            forgetAgent()
            note("could not read the logs of services: \(error)")
        }
    }

    private static let largestLog = 16 << 20

    /// QEMU 7.2 now and then aborts while the guest looks at its buses; the guest is not to blame.
    /// - Returns: whether that happened, and the machine was started again.
    func restartAfterAbort() throws -> Bool {
        guard handle.exitStatus == 128 + 6, handle.up == nil, earlier.isEmpty else { return false }
        note("QEMU aborted before the machine was up; starting it again")
        try boot()
        return true
    }

    /// The number of the signal that asked this program to end.
    var signal: Int32? {
        let status = forwarding.status(of: 0)
        return status > 128 ? status - 128 : nil
    }

    /// Why the machine is not running any more; nil while it does.
    var end: String? {
        if let status = handle.exitStatus {
            handle.drain()
            if let reason = handle.ending?.reason { return reason }
            return status == 0 ? "the machine powered off" : "QEMU ended with status \(status)"
        }
        if case .panic = handle.ending { return handle.ending?.reason }
        return nil
    }

    /// The consoles of all boots.
    var console: String { earlier.map(\.text).joined() + handle.console }

    /// The lines of all boots.
    var consoleLines: [String] { earlier.flatMap(\.lines) + consoleLines(of: handle) }

    /// The last lines of this boot, fit for a message.
    func tail(_ count: Int) -> [String] {
        consoleLines(of: handle).filter { !$0.isEmpty }.suffix(count).map { PlainText.short($0, limit: 200) }
    }

    private func consoleLines(of handle: MachineHandle) -> [String] {
        let (lines, _, open) = handle.lines(from: 0)
        return lines + (open.isEmpty ? [] : [open])
    }
}
