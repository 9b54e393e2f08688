internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyRun

struct MachineList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List the machines that run on this host.",
        discussion: HelpText.discussion(
            "Machines of this user that 'moby run qemu' started, in the background or on a terminal.",
            examples: ["moby ps", "moby ps --json"], page: "docs/running.md#machines-in-the-background"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let machines = try MachineRegistry(environment: Terminal.environment).machines()
        if json { return print(JSONValue.array(machines.map(Self.row)).text(indent: 2)) }
        guard !machines.isEmpty else {
            return Terminal.error("no machine is running; start one: moby run --detached nginx")
        }
        let lines =
            [["NAME", "PID", "STATE", "UPTIME", "CONSOLE", "AGENT", "PORTS", "IMAGE"]]
            + machines.map { machine in
                let ports = machine.ports.isEmpty ? "-" : machine.ports.joined(separator: ",")
                return [
                    machine.name, "\(machine.pid)", machine.status, Self.age(machine.uptime),
                    machine.isDetached ? "log" : "terminal", machine.hasAgent ? "yes" : "no", ports, machine.image,
                ].map { PlainText.short($0) }
            }
        let widths = lines[0].indices.dropLast().map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            print((cells + line.suffix(1)).joined(separator: "  "))
        }
    }

    private static func row(_ machine: MachineEntry) -> JSONValue {
        .object([
            ("name", .string(machine.name)), ("pid", .integer(machine.pid)), ("state", .string(machine.status)),
            ("started", .integer(machine.started)), ("uptime", .integer(machine.uptime)),
            ("image", .string(machine.image)), ("ports", .strings(machine.ports)),
            ("detached", .bool(machine.isDetached)),
            ("console", machine.console.map { .string($0) } ?? .null),
            ("stateFolder", machine.state.map { .string($0) } ?? .null), ("agent", .bool(machine.hasAgent)),
        ])
    }

    /// `42 s`, `3 m`, `5 h`, `2 d`.
    private static func age(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) m"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}
