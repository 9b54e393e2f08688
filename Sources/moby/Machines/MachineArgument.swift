internal import ArgumentParser
internal import MobyRun

/// The machine that a command is about.
struct MachineArgument: ParsableArguments {
    @Argument(
        help: "Name of a machine that runs, or the beginning of it (default: the only one).",
        completion: Completions.machines)
    var machine: String?

    /// - Parameter isExact: only the whole name will do.
    /// - Throws: `RunError` that lists the machines that run.
    func entry(isExact: Bool = false) throws -> MachineEntry {
        try MachineRegistry(environment: Terminal.environment).machine(machine, isExact: isExact)
    }
}

extension Completions {
    /// The machines that run.
    static let machines = CompletionKind.custom { _, _, _ in
        // Completion cannot report why they cannot be listed.
        ((try? MachineRegistry(environment: Terminal.environment).machines()) ?? []).map(\.name)
    }
}
