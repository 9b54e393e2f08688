internal import Extents

/// Results as JUnit's XML, in the form that Jenkins, GitLab and GitHub's actions read: a suite for each machine.
public enum JUnitReport {
    public static func text(_ reports: [TestReport]) -> String {
        let suites = reports.flatMap { report in
            report.machines.map { suite($0, of: report.name) } + (report.problem.map { [error($0, report.name)] } ?? [])
        }
        let steps = reports.flatMap(\.steps)
        let time = reports.flatMap(\.machines).reduce(Duration.zero) { $0 + $1.duration }
        let errors = reports.count { $0.problem != nil }
        let head = "<testsuites name=\"moby test\"\(counts(steps, time, errors: errors))>"
        return (["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", head] + suites + ["</testsuites>", ""])
            .joined(separator: "\n")
    }

    private static func suite(_ machine: MachineReport, of test: String) -> String {
        let name = "\(test) \(machine.name)"
        var lines = ["  <testsuite name=\"\(escaped(name))\"\(counts(machine.steps, machine.duration))>"]
        lines += unique(machine.steps.map(\.name)).enumerated().map { step(machine.steps[$0], $1, of: name) }
        if !machine.console.isEmpty {
            lines.append("    <system-out>\(escaped(machine.console.joined(separator: "\n")))</system-out>")
        }
        return (lines + ["  </testsuite>"]).joined(separator: "\n")
    }

    /// A suite for a test that could not be completed.
    private static func error(_ problem: TestReport.Problem, _ test: String) -> String {
        let name = escaped(test)
        return """
              <testsuite name="\(name)"\(counts([], .zero, errors: 1))>
                <testcase name="test could not be completed" classname="\(name)" time="0.000">
                  <error message="\(escaped(problem.summary))" type="error">\(escaped(problem.text))</error>
                </testcase>
              </testsuite>
            """
    }

    /// Names with a number where one has occurred before: readers identify a case by its name.
    static func unique(_ names: [String]) -> [String] {
        var seen = Set<String>()
        return names.map { name in
            var (unique, number) = (name, 1)
            while !seen.insert(unique).inserted {
                number += 1
                unique = "\(name) (\(number))"
            }
            return unique
        }
    }

    private static func step(_ step: StepResult, _ name: String, of suite: String) -> String {
        let start =
            "    <testcase name=\"\(escaped(name))\" classname=\"\(escaped(suite))\" time=\"\(seconds(step.duration))\""
        switch step.outcome {
        case .passed: return start + "/>"
        case .skipped(let why): return start + ">\n      <skipped message=\"\(escaped(why))\"/>\n    </testcase>"
        case .failed(let failure):
            let text = TextReport.lines(failure).joined(separator: "\n")
            return start
                + ">\n      <failure message=\"\(escaped(failure.message))\" type=\"\(step.kind)\">\(escaped(text))</failure>\n    </testcase>"
        }
    }

    private static func counts(_ steps: [StepResult], _ time: Duration, errors: Int = 0) -> String {
        let skipped = steps.count { if case .skipped = $0.outcome { true } else { false } }
        let failures = steps.count(where: \.outcome.isFailure)
        return
            " tests=\"\(steps.count + errors)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(seconds(time))\""
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
