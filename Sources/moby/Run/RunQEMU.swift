internal import ArgumentParser
internal import FoundationEssentials
internal import MobyBuild
internal import MobyRun
internal import OCI

struct RunQEMU: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qemu", abstract: "Start a machine in QEMU on this host.",
        usage: "moby run [qemu] [options] <prefix>|<image>|<file>.yml [-- <qemu arguments>...]",
        discussion: """
            A YAML file is built first. The console is this terminal: Ctrl-A x ends QEMU, Ctrl-C goes to the guest. Exit code: 0 the guest \
            powered off, 1 QEMU or an awaited answer failed, 3 an onboot container failed, 4 a service failed, 5 kernel panic, 6 the root is \
            incomplete, 124 timed out.
            """)

    @OptionGroup var global: FetchOptions
    @OptionGroup var machine: MachineOptions
    @Option(
        help: ArgumentHelp(
            "Wait for http://127.0.0.1:PORT/ (any status; https unchecked), tcp:[HOST:]PORT, console:REGEX or up (all services run); repeatable.",
            valueName: "what"))
    var await: [String] = []
    @Flag(help: "Power the machine off when all that is awaited came, and exit 0.") var awaitThenPoweroff = false
    @Option(
        help: ArgumentHelp(
            "Most that --await may take (default: 300), else the whole run (default: no limit): seconds, or with m or h; exit code 124.",
            valueName: "time"))
    var timeout: String?
    @Flag(help: "Print what would be started, and stop.") var dryRun = false
    @Argument(help: "Prefix of a build's files, an image, or a YAML file.", completion: .file()) var name: String
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments for QEMU.", visibility: .private))
    var qemuArguments: [String] = []

    mutating func validate() throws {
        if awaitThenPoweroff, `await`.isEmpty { throw ValidationError("--await-then-poweroff needs --await") }
        do { _ = (try limit(), try things()) } catch let error as RunError {
            throw ValidationError("\(error)" + (error.hint.map { "\n  hint: \($0)" } ?? ""))
        }
    }

    func run() async throws {
        let quiet = global.level == 0
        let isSpec = name.hasSuffix(".yml") || name.hasSuffix(".yaml")
        if isSpec, dryRun {
            // Read, so that a wrong one is an error; packages are not looked at.
            _ = try await SpecInput.spec([name], global.source) { _ in "localhost/package" }
            print("moby build --dir . \(name)")
            guard FileManager.default.fileExists(atPath: "\(SpecInput.baseName([name]))-build.json") else {
                return print("# and then QEMU with what it made")
            }
        }
        if isSpec, !dryRun { try await build() }
        let prefix = isSpec ? SpecInput.baseName([name]) : name
        var qemu = QEMU(
            try machine.machine(extra: qemuArguments), booting: prefix, wishes: machine.wishes,
            environment: Terminal.environment
        ) { line in
            if !quiet { Terminal.error("moby: \(line)") }
        }
        let things = try things()
        if things.isEmpty {
            qemu.limit = try limit()
        } else {
            qemu.awaiting = Awaiting(
                things, limit: try limit() ?? Awaiting.defaultLimit, thenPowerOff: awaitThenPoweroff)
        }
        let plan = try qemu.plan()
        if dryRun { return print(plan) }
        let status = try qemu.run(plan)
        if status == 0, let words = try qemu.background(plan) { print(words) }
        throw ExitCode(status)
    }

    private func things() throws -> [Awaited] { try `await`.map(Awaited.init(parsing:)) }
    private func limit() throws -> Duration? { try timeout.map { try TimeLimit.parse($0, option: "--timeout") } }

    private func build() async throws {
        var build = try Build.parse(["--dir", ".", "--", name])
        build.global = global
        try await build.run()
    }
}
