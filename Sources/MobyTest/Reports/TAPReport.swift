internal import Extents

/// Results in the Test Anything Protocol, version 13: a line for each step, and comments about failures.
public enum TAPReport {
    public static func text(_ reports: [TestReport]) -> String {
        let all = reports.flatMap { report in
            report.machines.flatMap { machine in machine.steps.map { ("\(report.name) \(machine.name)", $0) } }
        }
        let problems = reports.filter { $0.problem != nil }
        var lines = ["TAP version 13", "1..\(all.count + problems.count)"]
        for (index, (machine, step)) in all.enumerated() { lines += self.lines(step, index + 1, machine) }
        for (index, report) in problems.enumerated() {
            lines.append("not ok \(all.count + index + 1) - \(escaped(report.name)): test could not be completed")
            lines += (report.problem?.text ?? "").split(separator: "\n").map { "# \(PlainText.short($0, limit: 1000))" }
        }
        for report in reports where report.isTimedOut || report.signal != nil {
            lines.append(
                "Bail out! \(escaped(report.name)): \(report.isTimedOut ? "timed out" : "interrupted")")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ step: StepResult, _ number: Int, _ machine: String) -> [String] {
        let text = "\(number) - \(escaped(machine)): \(escaped(step.name))"
        switch step.outcome {
        case .passed: return ["ok \(text)"]
        case .skipped(let why): return ["ok \(text) # SKIP \(escaped(why))"]
        case .failed(let failure):
            return ["not ok \(text)"] + TextReport.lines(failure).map { "# \(PlainText.short($0, limit: 1000))" }
        }
    }

    /// A `#` would start a directive; not all parsers know `\#`.
    static func escaped(_ text: String) -> String {
        PlainText.short(text, limit: 1000).replacing("#", with: "\\x23")
    }
}
