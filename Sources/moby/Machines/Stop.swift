internal import ArgumentParser
internal import MobyRun

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Power a machine off.",
        usage: "moby stop [<machine>] [--timeout <time>] [--force]",
        discussion: HelpText.discussion(
            """
            Presses the power button and waits; a machine that does not power off within the limit is ended as if its plug had been pulled. \
            Exit code 0: the machine powered off; 1: it had to be ended.
            """, examples: ["moby stop web", "moby stop web --timeout 5m"], page: "docs/running.md"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var target: MachineArgument
    @Option(
        help: ArgumentHelp("How long it may take: seconds, or with m or h.", valueName: "time"))
    var timeout = "60"
    @Flag(help: "End it at once.") var force = false

    mutating func validate() throws { _ = try usage { try limit() } }

    private func limit() throws -> Duration { try TimeLimit.parse(timeout, option: "--timeout") }

    func run() throws {
        let machine = try target.entry(isExact: true)
        let stop = MachineStop(machine) { [level = global.level] in if level > 0 { Terminal.error("moby: \($0)") } }
        if force { return try stop.force() }
        guard try stop.powerOff(within: limit()) else { throw ExitCode(1) }
    }
}
