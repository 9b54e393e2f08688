internal import ArgumentParser
internal import Extents
internal import MobyRun
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
            examples: ["moby test web.yml", "moby test --junit report.xml --artifacts out web.yml"],
            page: "docs/testing.md"))

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @OptionGroup(title: "Lock options") var lock: LockOptions
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
        let inputs: [TestInput]
        // All are read before the first is built.
        do { inputs = try await TestInput.read(tests, global, images, variables) } catch {
            let name = tests.count == 1 ? SpecInput.baseName(tests[0].specs) : "moby test"
            if !dryRun { try report([TestReport(name: name, problem: Self.problem(error))]) }
            throw error
        }
        let printer = TestPrinter(level: global.level, isData: json || tap)
        let plans = try inputs.map { try run($0, in: dir ?? "", printer) }
        guard !dryRun else { return plans.forEach(printer.plan) }
        var reports = Self.unfit(plans)
        for input in reports.isEmpty ? inputs : [] {
            let work = try input.workFolder(dir)
            // Gone with its last use otherwise.
            defer { withExtendedLifetime(work.temporary) {} }
            let run = try run(input, in: work.path, printer)
            printer.begin(run)
            let report = await run.run(describe: Self.problem)
            if let problem = report.problem { Terminal.error(problem.text, .error) }
            printer.end(report)
            reports.append(report)
            if report.signal != nil { break }
        }
        try report(reports)
        throw ExitCode(TestReport.exitCode(reports))
    }

    private func run(_ input: TestInput, in folder: String, _ printer: TestPrinter) throws -> TestRun {
        var run = try input.run(in: folder, try images.provider(global), lock, global, variables, tell: printer.tell)
        run.accelerator = try accelerator()
        run.limit = try limit()
        run.artifacts = artifacts
        return run
    }

    /// The tests that cannot be made, whose errors are printed: they end the command before the first boot.
    private static func unfit(_ runs: [TestRun]) -> [TestReport] {
        runs.compactMap { run in
            do { try run.check() } catch {
                let problem = problem(error)
                Terminal.error(problem.text, .error)
                return TestReport(name: run.name, problem: problem)
            }
            return nil
        }
    }

    private static func problem(_ error: any Error) -> TestReport.Problem {
        let (text, code) = ErrorReport.message(error)
        return TestReport.Problem(text, exitCode: code)
    }

    /// Writes the reports that the options ask for.
    private func report(_ reports: [TestReport]) throws {
        if let junit { try write(JUnitReport.text(reports), to: junit) }
        if json { print(try JSONReport.text(reports), terminator: "") }
        if tap { print(TAPReport.text(reports), terminator: "") }
    }
}
