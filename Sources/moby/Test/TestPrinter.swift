internal import MobySpec
internal import MobyTest

/// Prints what a test does: results to standard output, or to standard error when that gets data.
struct TestPrinter {
    let level: Int
    let isData: Bool

    private func line(_ text: String) {
        if isData { Terminal.error(text) } else { print(text) }
    }

    var tell: @Sendable (TestEvent) -> Void {
        { event in
            switch event {
            case .building(let machine): if level > 1 { Terminal.error("building \(machine)") }
            case .started(let machine): if level > 0 { line("\(machine)") }
            case .waiting(let step, let time, let limit, let found):
                guard level > 0 else { return }
                let seconds = "\(time.components.seconds) of \(limit.components.seconds) s"
                Terminal.error("waiting for \(step): \(seconds)" + (found.map { "; \($0)" } ?? ""))
            case .step(let step): if level > 0 || step.outcome.isFailure { line(TextReport.step(step)) }
            case .note(let text): if level > 1 { Terminal.error("moby: \(text)") }
            case .ended(let machine): if let console = TextReport.console(machine) { line(console) }
            }
        }
    }

    func begin(_ run: TestRun) {
        guard level > 0 else { return }
        let machines = run.machines.count
        line("\(run.name): \(machines) machine\(machines == 1 ? "" : "s"), \(run.test.steps.count) steps")
    }

    func end(_ report: TestReport) {
        if level > 0 || report.exitCode != 0 { line(TextReport.summary(report)) }
    }

    /// `--dry-run`.
    func plan(_ run: TestRun) {
        print(run.name)
        for machine in run.machines { print("  machine \(machine.name)") }
        for step in run.test.steps { print("  step    \(step.title)") }
    }
}
