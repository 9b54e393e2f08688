internal import ArgumentParser
internal import Glibc
internal import MobyRun

struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the console of a machine in the background, or the log of a service.",
        usage: "moby logs [<machine> [<service>]] [-f] [--lines <n>]",
        discussion: HelpText.discussion(
            """
            Without a service: the console since the machine's start. With one: its standard output on standard output, its standard error on \
            standard error, by the agent of the machine ('moby run --agent', or 'moby.agent' on the kernel command line); onboot containers \
            have logs too.
            """,
            examples: ["moby logs -f web", "moby logs web nginx --lines 20"],
            page: "docs/running.md#machines-in-the-background"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var target: MachineArgument
    @Argument(help: "A service, or an onboot container.") var service: String?
    @Flag(name: .shortAndLong, help: "Print what follows, until the machine ends or Ctrl-C.") var follow = false
    @Option(name: .shortAndLong, help: ArgumentHelp("Print the last lines only.", valueName: "n")) var lines: Int?

    mutating func validate() throws {
        if let lines, lines < 0 { throw ValidationError("--lines is \(lines), expected 0 or more") }
    }

    func run() throws {
        let machine = try target.entry()
        guard let service else {
            return try ConsoleLog(machine).read(lines: lines, isFollowing: follow) { print($0) }
        }
        do {
            try AgentClient(machine).logs(service, lines: lines, isFollowing: follow) { stream, bytes in
                switch stream {
                case .output: Terminal.output(String(decoding: bytes, as: UTF8.self))
                case .errors: Terminal.error(String(decoding: bytes, as: UTF8.self))
                }
            }
        } catch let error as AgentError where error.isEndOfMachine && follow {
            // The log is complete.
        }
    }
}
