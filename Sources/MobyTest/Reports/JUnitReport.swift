internal import Extents

/// Results as JUnit's XML, in the form that Jenkins, GitLab and GitHub's actions read: a suite for each machine.
public enum JUnitReport {
    public static func text(_ reports: [TestReport]) -> String {
        let suites = reports.flatMap { report in report.machines.map { suite($0, of: report.name) } }
        let steps = reports.flatMap(\.steps)
        let time = reports.flatMap(\.machines).reduce(Duration.zero) { $0 + $1.duration }
        let head = "<testsuites name=\"moby test\"\(counts(steps, time))>"
        return (["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", head] + suites + ["</testsuites>", ""])
            .joined(separator: "\n")
    }

    private static func suite(_ machine: MachineReport, of test: String) -> String {
        let name = "\(test) \(machine.name)"
        var lines = ["  <testsuite name=\"\(escaped(name))\"\(counts(machine.steps, machine.duration))>"]
        lines += machine.steps.map { step($0, of: name) }
        if !machine.console.isEmpty {
            lines.append("    <system-out>\(escaped(machine.console.joined(separator: "\n")))</system-out>")
        }
        return (lines + ["  </testsuite>"]).joined(separator: "\n")
    }

    private static func step(_ step: StepResult, of suite: String) -> String {
        let start =
            "    <testcase name=\"\(escaped(step.name))\" classname=\"\(escaped(suite))\" time=\"\(seconds(step.duration))\""
        switch step.outcome {
        case .passed: return start + "/>"
        case .skipped(let why): return start + ">\n      <skipped message=\"\(escaped(why))\"/>\n    </testcase>"
        case .failed(let failure):
            let text = TextReport.lines(failure).joined(separator: "\n")
            return start
                + ">\n      <failure message=\"\(escaped(failure.message))\" type=\"\(step.kind)\">\(escaped(text))</failure>\n    </testcase>"
        }
    }

    private static func counts(_ steps: [StepResult], _ time: Duration) -> String {
        let skipped = steps.count { if case .skipped = $0.outcome { true } else { false } }
        let failures = steps.count(where: \.outcome.isFailure)
        return
            " tests=\"\(steps.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\" time=\"\(seconds(time))\""
    }

    private static func seconds(_ time: Duration) -> String { SizeText.decimals(time / .seconds(1), 3) }

    /// For text and attributes. Characters that XML 1.0 (section 2.2) does not have, not even as references, become
    /// escapes such as `\x1b`.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result += "&#\(scalar.value);"
            case "\u{FFFE}", "\u{FFFF}": result += "\\u{\(String(scalar.value, radix: 16))}"
            case _ where PlainText.isEscaped(scalar): result += PlainText.lines(String(scalar))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
