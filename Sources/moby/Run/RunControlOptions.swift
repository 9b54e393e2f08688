internal import ArgumentParser
internal import MobyRun

/// When a run of `moby run qemu` ends, and whether it begins.
struct RunControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait for http://127.0.0.1:PORT/ (any status; https unchecked), tcp:[HOST:]PORT, console:REGEX or up (all services run); repeatable.",
            valueName: "what"),
        completion: .list(["http://127.0.0.1:", "tcp:", "console:", "up"]))
    var await: [String] = []
    @Flag(help: "Power the machine off when every --await is satisfied, and exit 0.") var awaitThenPoweroff = false
    @Option(
        help: ArgumentHelp(
            "Time limit for --await (default: 300), else for the whole run (default: none): seconds, or with m or h; exit code 124.",
            valueName: "time"))
    var timeout: String?
    @Flag(help: "Print the commands that would be run, and stop.") var dryRun = false

    mutating func validate() throws {
        if awaitThenPoweroff, `await`.isEmpty { throw ValidationError("--await-then-poweroff needs --await") }
        _ = try usage { (try limit(), try checks()) }
    }

    func checks() throws -> [ReadinessCheck] { try `await`.map(ReadinessCheck.init(parsing:)) }
    func limit() throws -> Duration? { try timeout.map { try TimeLimit.parse($0, option: "--timeout") } }
}
