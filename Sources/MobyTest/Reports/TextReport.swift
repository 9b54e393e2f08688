internal import MobyRun

/// A test's results as lines for people.
public enum TextReport {
    /// Seconds that fit a column.
    private static func time(_ duration: Duration) -> String {
        let text = QEMU.seconds(duration)
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }

    /// The line of a step, and what is known about its failure.
    public static func step(_ step: StepResult) -> String {
        switch step.outcome {
        case .passed(let value):
            return "  ok   \(time(step.duration))  \(step.name)" + (value.map { "  (\($0))" } ?? "")
        case .skipped(let why): return "  skip            -  \(step.name)  (\(why))"
        case .failed(let failure):
            return (["  FAIL \(time(step.duration))  \(step.name)"] + lines(failure).map { "         \($0)" })
                .joined(separator: "\n")
        }
    }

    /// Message, what was expected and found, and output.
    static func lines(_ failure: StepFailure) -> [String] {
        var lines = [failure.message]
        if let expected = failure.expected { lines.append("expected: \(expected)") }
        if let found = failure.found { lines.append("found:    \(found)") }
        if let output = failure.output {
            lines += output.split(separator: "\n", omittingEmptySubsequences: false).map { "| \($0)" }
        }
        return lines
    }

    /// The end of a machine's console, when a step failed.
    public static func console(_ machine: MachineReport) -> String? {
        guard !machine.console.isEmpty else { return nil }
        return (["  the console when the first step failed:"] + machine.console.map { "  | \($0)" }).joined(
            separator: "\n")
    }

    /// `1 failed, 3 passed, 1 skipped in 12.31 s`.
    public static func summary(_ report: TestReport) -> String {
        var (passed, skipped) = (0, 0)
        for step in report.steps {
            switch step.outcome {
            case .passed: passed += 1
            case .skipped: skipped += 1
            case .failed: break
            }
        }
        let counts = [(report.failures, "failed"), (passed, "passed"), (skipped, "skipped")].filter { $0.0 > 0 }
        let list = counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let duration = report.machines.reduce(Duration.zero) { $0 + $1.duration }
        let end = report.isTimedOut ? "; timed out" : report.signal != nil ? "; interrupted" : ""
        let found = list.isEmpty ? "no step was taken" : "\(list) in \(QEMU.seconds(duration))"
        return "\(report.name): \(found)\(report.problem == nil ? end : "; the test could not be completed")"
    }
}
