internal import FoundationEssentials
internal import Glibc
public import MobyRun

/// A machine for a boot test: what a build left, started with the arguments that `moby run qemu` gives it.
public enum GuestMachine {
    /// Starts a machine; it ends with the handle.
    /// - Parameters:
    ///   - argument: the prefix of a build's files, or an image.
    ///   - memory: in MiB; `nil` takes what the build asks for.
    ///   - ports: as `--publish` has them; see ``freePort()``.
    ///   - uefi: whether firmware is UEFI even when the image's name does not say so.
    ///   - adjust: other options.
    public static func boot(
        _ argument: String, cpus: Int? = nil, memory: Int? = nil, ports: [String] = [], uefi: Bool = false,
        adjust: (inout Machine) throws -> Void = { _ in }
    ) throws -> MachineHandle {
        var machine = Machine()
        machine.cpus = cpus
        machine.memory = memory
        machine.ports = try ports.map(PublishedPort.init(parsing:))
        try adjust(&machine)
        return try MachineHandle(
            starting: QEMU(
                machine, booting: argument, preferences: BootPreferences(uefi: uefi),
                environment: ProcessInfo.processInfo.environment
            ) { _ in })
    }

    /// Starts a machine and waits until its console says a text. QEMU 7.2 now and then ends itself while the guest
    /// looks at its buses (`msix_table_mmio_write: Assertion`); then, and only then, the machine is started once more.
    /// - Throws: what `start` throws; `RunError` when the text does not come.
    public static func boot(until text: String, within limit: Duration, _ start: () throws -> MachineHandle) throws
        -> MachineHandle
    {
        let first = try start()
        do {
            _ = try first.line(containing: text, within: limit)
            return first
        } catch  where first.console.contains("msix_table_mmio_write: Assertion") {
            let second = try start()
            _ = try second.line(containing: text, within: limit)
            return second
        }
    }

    /// Starts a machine and waits until its init speaks, as ``boot(until:within:_:)`` does.
    public static func bootToInit(_ start: () throws -> MachineHandle) throws -> MachineHandle {
        try boot(until: "Welcome to moby", within: .seconds(160), start)
    }

    /// A TCP port of loopback that nothing listens on now.
    public static func freePort() throws -> UInt16 {
        let (socket, host) = try LoopbackSocket.listen()
        close(socket)
        guard let port = host.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw RunError("'\(host)' has no port")
        }
        return port
    }
}
