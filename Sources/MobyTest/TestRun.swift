internal import Extents
public import MachineModel
public import MobyBuild
public import MobyRun
public import MobySpec

/// One format of a spec that a test needs.
public struct TestBuild: Sendable, Hashable {
    public let format: String
    public let architecture: Architecture
    /// Folder for the files.
    public let directory: String
}

/// Builds a spec, boots its machines one after the other, and checks them.
public struct TestRun: Sendable {
    public var test: TestSpec
    /// Name of the spec, and of the files of a build.
    public var name: String
    /// For machines that name none.
    public var architecture: Architecture = .host
    public var accelerator: Accelerator.Choice = .automatic
    /// Folder for builds and disks.
    public var work: String
    /// Folder for consoles and records; nil keeps none.
    public var artifacts: String?
    /// Folder of the test file.
    public var base = "."
    /// Limit of all machines together.
    public var limit: Duration?
    public var environment: [String: String]
    /// Builds one format.
    public var build: @Sendable (TestBuild) async throws -> BuildResult
    public var tell: @Sendable (TestEvent) -> Void

    public init(
        _ test: TestSpec, name: String, work: String, environment: [String: String],
        build: @escaping @Sendable (TestBuild) async throws -> BuildResult,
        tell: @escaping @Sendable (TestEvent) -> Void
    ) {
        (self.test, self.name, self.work, self.environment) = (test, name, work, environment)
        (self.build, self.tell) = (build, tell)
    }

    /// The machines, in order.
    public var machines: [MachineCase] { MachineCase.all(of: test.machine, architecture: architecture) }

    private var host: StepHost {
        StepHost(environment: environment, folder: work, base: base, isKeepingLogs: artifacts != nil)
    }

    /// Finds what would keep the test from being made, before anything is built.
    /// - Throws: `SpecError` for a key that does not exist, `RunError` for a program that is not installed.
    public func check() throws { try host.check(test.steps) }

    /// Runs the test. What the guest does wrong is in the report, and so are the machines before one that cannot be
    /// built or started.
    /// - Parameter describe: puts an error of the spec, of the build or of QEMU into words.
    public func run(describe: (any Error) -> TestReport.Problem) async -> TestReport {
        var report = TestReport(name: name)
        let deadline = limit.map { ContinuousClock.now + $0 }
        do {
            for machine in machines { try run(machine, await build(machine), deadline, &report) }
        } catch TestStop.signal(let number) {
            report.signal = number
        } catch TestStop.timedOut {
            report.isTimedOut = true
        } catch { report.problem = describe(error) }
        return report
    }

    private func folder(_ format: String, _ architecture: Architecture) -> String {
        "\(work)/\(architecture.name)-\(format)"
    }

    private func build(_ machine: MachineCase) async throws -> BuildFacts {
        tell(.building(machine: machine.name))
        var facts = BuildFacts(results: [])
        for format in [machine.format] + BuildFacts.formats(for: test.steps, booting: machine.format) {
            facts.results.append(
                try await build(
                    TestBuild(
                        format: format, architecture: machine.architecture,
                        directory: folder(format, machine.architecture))))
        }
        return facts
    }

    private func run(
        _ machine: MachineCase, _ facts: BuildFacts, _ deadline: ContinuousClock.Instant?, _ report: inout TestReport
    ) throws {
        let start = ContinuousClock.now
        let tell = tell
        let session = try MachineSession(
            machine, build: "\(folder(machine.format, machine.architecture))/\(name)",
            guestPorts: Set(test.steps.compactMap(\.expectation.port)).sorted(),
            state: "\(work)/state-\(machine.folder)", accelerator: accelerator, environment: environment
        ) { tell(.note($0)) }
        // From here on, a signal ends the machine first.
        tell(.started(machine: machine.name))
        let runner = StepRunner(session, facts, host, deadline: deadline, tell: tell)
        var own = MachineReport(name: machine.name)
        defer {
            own.steps = runner.results
            own.duration = .now - start
            own.boot = session.firstBoot
            own.console = runner.console
            report.machines.append(own)
            tell(.ended(own))
        }
        do { try runner.run(test.steps) } catch {
            takeLogs(session)
            try keep(machine, session, facts)
            throw error
        }
        takeLogs(session)
        session.handle.terminate()
        try keep(machine, session, facts)
    }

    /// Of a machine that still runs.
    private func takeLogs(_ session: MachineSession) { if artifacts != nil { session.takeLogs() } }

    /// Writes the artifacts of a machine.
    private func keep(_ machine: MachineCase, _ session: MachineSession, _ facts: BuildFacts) throws {
        guard let artifacts else { return }
        let folder = "\(artifacts)/\(name)/\(machine.folder)"
        try FolderTree.make(folder)
        session.handle.drain()
        try ExtentWriter.write(Array(session.console.utf8), to: "\(folder)/console.log")
        for (name, text) in session.logs {
            try ExtentWriter.write(text, to: "\(folder)/\(name.replacing("/", with: "_")).log")
        }
        for format in [machine.format] {
            let record = BuildRecord.fileName("\(self.folder(format, machine.architecture))/\(name)")
            if let bytes = try HostFiles.readIfPresent(record, limit: 64 << 20) {
                try ExtentWriter.write(bytes, to: BuildRecord.fileName("\(folder)/\(name)"))
            }
        }
    }
}
