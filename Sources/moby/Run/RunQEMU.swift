internal import ArgumentParser
internal import MobyBuild
internal import MobyRun
internal import OCI

struct RunQEMU: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qemu", abstract: "Start a machine in QEMU on this host.",
        usage: "moby run [qemu] [options] <prefix>|<image>|<file>.yml [-- <qemu arguments>...]",
        discussion: """
            A YAML file is built first. The console is this terminal: Ctrl-A x ends QEMU, Ctrl-C goes to the guest. \
            The exit code is QEMU's.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var machine: MachineOptions
    @Option(help: ArgumentHelp("Wait for an HTTP answer, print it and the time it took.", valueName: "url")) var await: String?
    @Flag(help: "Power the machine off when the answer came, and exit 0.") var awaitThenPoweroff = false
    @Flag(help: "Print what would be started, and stop.") var dryRun = false
    @Argument(help: "Prefix of a build's files, an image, or a YAML file.") var name: String
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments for QEMU.", visibility: .private)) var qemuArguments: [String] = []

    func run() async throws {
        let quiet = global.level == 0
        var qemu = QEMU(
            try machine.machine(extra: qemuArguments), booting: try await prefix(), wishes: machine.wishes,
            environment: Terminal.environment
        ) { line in
            if !quiet { Terminal.error("moby: \(line)") }
        }
        if machine.detached { qemu.console = .file("\(machine.state ?? name + "-state")/console.log") }
        if let url = `await` { qemu.awaited = Awaited(try HTTPProbe(parsing: url), thenPowerOff: awaitThenPoweroff) }
        try qemu.checkAwaited()
        let plan = try qemu.plan()
        if dryRun { return print(plan) }
        throw ExitCode(try qemu.run(plan))
    }

    /// Builds a YAML file, and gives the prefix of what was built.
    private func prefix() async throws -> String {
        guard name.hasSuffix(".yml") || name.hasSuffix(".yaml") else { return name }
        var build = try Build.parse(["--dir", ".", "--", name])
        build.global = global
        try await build.run()
        return SpecInput.baseName([name])
    }
}
