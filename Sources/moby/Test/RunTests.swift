internal import ArgumentParser
internal import Extents
internal import MachineModel
internal import MobyRun
internal import MobySpec
internal import MobyTest

struct RunTests: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Build, boot and check machines.",
        usage: "moby test [options] <file>.yml... | <file>.test.yml...",
        discussion: HelpText.discussion(
            """
            Boots what WEB.yml builds in QEMU, without a terminal, checks what WEB.test.yml expects, and powers off. Without that file, the machine is \
            expected to come up with all services, and to power off. Exit codes: 0 passed; 1 a check failed; 2 a file is wrong; 124 --timeout; \
            130 interrupted.
            """,
            examples: ["moby test web.yml", "moby test --junit report.xml --artifacts out web.test.yml"],
            page: "docs/testing.md"))

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @Flag(help: "Merge the spec files as 'build' does, instead of testing each alone.") var merge = false
    @Option(help: "kvm or tcg (default: the first that works).", completion: .list(["kvm", "tcg"])) var accel: String?
    @Option(
        help: ArgumentHelp(
            "Time limit of each test, builds not included: seconds, or with m or h; exit code 124.", valueName: "time"))
    var timeout: String?
    @Option(
        help: ArgumentHelp("Keep consoles, logs and build records below this folder.", valueName: "dir"),
        completion: .directory)
    var artifacts: String?
    @Option(
        help: ArgumentHelp("Folder of builds and disks (default: a temporary one).", valueName: "dir"),
        completion: .directory)
    var dir: String?
    @Option(help: ArgumentHelp("Write the results as JUnit XML.", valueName: "file"), completion: .file())
    var junit: String?
    @Flag(help: "Print the results as JSON.") var json = false
    @Flag(help: "Print the results in the Test Anything Protocol.") var tap = false
    @Flag(help: "Print the machines and steps, and stop.") var dryRun = false
    @Argument(help: "Spec files and test files.", completion: Completions.specs) var files: [String]

    mutating func validate() throws {
        if json, tap { throw ValidationError("--json and --tap cannot be combined") }
        _ = try usage { (try limit(), try accelerator(), try TestInput.pairs(files, merge: merge)) }
    }

    /// In a folder that may not exist yet, as that of `--artifacts`.
    private func write(_ text: String, to path: String) throws {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try FolderTree.make(String(path[..<slash])) }
        try ExtentWriter.write(Array(text.utf8), to: path)
    }

    private func limit() throws -> Duration? { try timeout.map { try TimeLimit.parse($0, option: "--timeout") } }

    private func accelerator() throws -> Accelerator.Choice {
        try Accelerator.Choice(parsing: accel ?? Terminal.environment["LINUXKIT_QEMU_ACCEL"] ?? "")
    }

    func run() async throws {
        let tests = try TestInput.pairs(files, merge: merge)
        // All are read before the first is built.
        let inputs = try await TestInput.read(tests, global, images, variables)
        let printer = TestPrinter(level: global.level, isData: json || tap)
        var reports: [TestReport] = []
        for input in inputs {
            let work = try input.workFolder(dir)
            // Gone with its last use otherwise.
            defer { withExtendedLifetime(work.temporary) {} }
            var run = try input.run(in: work.path, images.provider(global), global, variables, tell: printer.tell)
            run.accelerator = try accelerator()
            run.limit = try limit()
            run.artifacts = artifacts
            if dryRun {
                printer.plan(run)
                continue
            }
            printer.begin(run)
            let report = try await run.run()
            printer.end(report)
            reports.append(report)
            if report.signal != nil { break }
        }
        guard !dryRun else { return }
        if let junit { try write(JUnitReport.text(reports), to: junit) }
        if json { print(try JSONReport.text(reports), terminator: "") }
        if tap { print(TAPReport.text(reports), terminator: "") }
        throw ExitCode(TestReport.exitCode(reports))
    }
}
