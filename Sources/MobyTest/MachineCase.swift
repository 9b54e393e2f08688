public import MachineModel
internal import MobyBuild
internal import MobyRun
public import MobySpec

/// One machine of a test: a row of its matrix.
public struct MachineCase: Sendable, Equatable {
    /// Name of an output format.
    public var format: String
    /// nil is what the format boots from.
    public var firmware: TestMachine.Firmware?
    /// In MiB; nil is what the build needs.
    public var memory: Int?
    public var cpus: Int?
    public var architecture: Architecture
    /// Sizes of empty disks, in MiB.
    public var disks: [Int] = []
    /// Values for QEMU's `-device`.
    public var devices: [String] = []
    public var data: String?
    public var hasTPM = false
    /// What tells it from the others of its test, such as `iso uefi 512M`.
    public var name: String

    /// The name, fit for a folder.
    public var folder: String { name.replacing(" ", with: "-") }

    /// The formats that QEMU can boot.
    public static var bootableFormats: [String] { OutputFormat.all.filter(isBootable).map(\.name) }

    private static func isBootable(_ format: OutputFormat) -> Bool {
        guard format.isAvailable else { return false }
        switch format.medium {
        case .files: return format.files.contains { $0.role == .kernel }
        case .iso: return true
        case .disk: return format.wrapping != .tarGzip
        case .archive: return false
        }
    }

    /// Every combination of a test's lists.
    /// - Parameter architecture: for a test that names none.
    public static func all(of machine: TestMachine, architecture: Architecture) -> [MachineCase] {
        let formats = machine.formats.isEmpty ? ["kernel+initrd"] : machine.formats.map(\.value)
        let arches = machine.arches.compactMap { Architecture(named: $0.value) }
        var cases: [MachineCase] = []
        for format in formats {
            for firmware in Self.firmware(machine.firmware, format) {
                for arch in arches.isEmpty ? [architecture] : arches {
                    for memory in optional(machine.memory) {
                        for cpus in optional(machine.cpus) {
                            cases.append(
                                MachineCase(
                                    format: format, firmware: firmware, memory: memory, cpus: cpus, architecture: arch,
                                    disks: machine.disks, devices: machine.devices, data: machine.data,
                                    hasTPM: machine.hasTPM, name: ""))
                        }
                    }
                }
            }
        }
        return cases.map { $0.named(hasArchitecture: !arches.isEmpty) }
    }

    private static func optional<Value>(_ values: [Value]) -> [Value?] { values.isEmpty ? [nil] : values }

    /// A format that boots from one firmware only is one machine.
    private static func firmware(_ wanted: [TestMachine.Firmware], _ format: String) -> [TestMachine.Firmware?] {
        OutputFormat.named(format)?.firmware == .both ? optional(wanted) : [nil]
    }

    private func named(hasArchitecture: Bool) -> MachineCase {
        var words = [format]
        if let firmware { words.append(firmware.rawValue) }
        if hasArchitecture { words.append(architecture.name) }
        if let memory { words.append("\(memory)M") }
        if let cpus { words.append("\(cpus)cpu") }
        var named = self
        named.name = words.joined(separator: " ")
        return named
    }

    /// The machine for QEMU.
    /// - Parameters:
    ///   - ports: TCP ports of the guest that are published.
    ///   - state: folder for disks and firmware variables.
    func machine(ports: [PublishedPort], state: String, accelerator: Accelerator.Choice) -> Machine {
        var machine = Machine()
        machine.memory = memory
        machine.cpus = cpus
        machine.architecture = architecture
        machine.disks = disks.map { Disk(size: $0) }
        machine.devices = devices
        machine.data = data.map { .text($0) }
        machine.hasTPM = hasTPM
        machine.ports = ports
        machine.state = state
        machine.accelerator = accelerator
        machine.agent = true
        return machine
    }
}
