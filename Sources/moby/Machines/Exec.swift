internal import ArgumentParser
internal import BootLayout
internal import Extents
internal import Glibc
internal import MobyRun

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command in a machine.",
        usage: "moby exec [<machine>] [options] -- <command>...",
        discussion: HelpText.discussion(
            """
            Runs in PID 1's root, or with --container in the container of a service, without standard input. The machine needs the agent: \
            'moby run --agent', or 'moby.agent' on the kernel command line. Exit code: that of the command, 128 and the number of the signal \
            that ended it, 124 timed out, 125 it could not be started, 126 it cannot be executed, 127 it was not found.
            """,
            examples: ["moby exec web --container nginx -- nginx -t", "moby exec -- cat /proc/meminfo"],
            page: "docs/running.md#the-agent"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var target: MachineArgument
    @Option(name: .shortAndLong, help: ArgumentHelp("The service in whose container it runs.", valueName: "name"))
    var container: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("An environment variable; repeatable.", valueName: "name=value"))
    var env: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Folder in the container to start in.", valueName: "dir"))
    var workdir: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("User in the container.", valueName: "uid[:gid]"))
    var user: String?
    @Option(help: ArgumentHelp("Time limit: seconds, or with m or h; exit code 124.", valueName: "time"))
    var timeout: String?
    @Option(
        help: ArgumentHelp(
            "How long the machine may take to boot and answer: seconds, or with m or h.",
            valueName: "time"))
    var wait = "10"
    @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String] = []

    mutating func validate() throws {
        if command.isEmpty { throw ValidationError("no command given; write it after '--'") }
        if container == nil, workdir != nil || user != nil {
            throw ValidationError("--workdir and --user need --container")
        }
        if let entry = env.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
            throw ValidationError("--env '\(PlainText.short(entry))' has no form NAME=VALUE")
        }
        _ = try usage { (try limit(), try patience()) }
    }

    private func limit() throws -> Duration? { try timeout.map { try TimeLimit.parse($0, option: "--timeout") } }
    private func patience() throws -> Duration { try TimeLimit.parse(wait, option: "--wait") }

    func run() throws {
        var request = AgentRequest.Command(command, service: container)
        request.environment = env
        request.folder = workdir
        request.user = user
        request.limit = try limit().map { Int($0.components.seconds) * 1000 }
        let result: AgentClient.Result
        do {
            let agent = try AgentClient(target.entry(), within: patience())
            if let container { try agent.wait(for: container, within: patience()) }
            result = try agent.exec(request) { stream, bytes in
                Terminal.live(bytes, to: stream == .output ? STDOUT_FILENO : STDERR_FILENO)
            }
        } catch {
            ErrorReport.print(error)
            throw ExitCode(125)
        }
        if let problem = result.problem {
            // The root has little more than PID 1's own programs.
            let hint =
                container == nil && result.status == 127
                ? "\n  hint: to run it in a container, name its service: moby exec --container SERVICE" : ""
            Terminal.error("error: \(problem)\(hint)", .error)
        }
        throw ExitCode(result.status)
    }
}
