internal import Extents

/// Results as JSON.
public enum JSONReport {
    public static func text(_ reports: [TestReport]) throws -> String {
        String(decoding: try JSONText.pretty(Document(reports)), as: UTF8.self) + "\n"
    }

    private struct Document: Encodable {
        var version = 1
        var exitCode: Int32
        var tests: [Test]

        init(_ reports: [TestReport]) {
            tests = reports.map(Test.init)
            exitCode = TestReport.exitCode(reports)
        }
    }

    private struct Test: Encodable {
        var name: String
        /// `passed`, `failed`, `error`, `timeout`, `interrupted`.
        var result: String
        /// What kept the test from being completed.
        var message: String?
        var machines: [Machine]

        init(_ report: TestReport) {
            name = report.name
            let end = report.signal != nil ? "interrupted" : report.isTimedOut ? "timeout" : nil
            message = report.problem?.text
            result = end ?? (report.problem != nil ? "error" : report.failures > 0 ? "failed" : "passed")
            machines = report.machines.map(Machine.init)
        }
    }

    private struct Machine: Encodable {
        var name: String
        /// In seconds.
        var time: Double
        /// In seconds, from the start of QEMU until all services ran.
        var boot: Double?
        var steps: [Step]
        var console: [String]?

        init(_ machine: MachineReport) {
            name = machine.name
            time = seconds(machine.duration)
            boot = machine.boot.map(seconds)
            steps = machine.steps.map(Step.init)
            console = machine.console.isEmpty ? nil : machine.console
        }
    }

    private struct Step: Encodable {
        var name: String
        var kind: String
        /// `passed`, `failed`, `skipped`.
        var result: String
        /// In seconds.
        var time: Double
        /// What was measured, or why it was skipped or failed.
        var message: String?
        var expected: String?
        var found: String?
        var output: String?

        init(_ step: StepResult) {
            (name, kind, time) = (step.name, step.kind, seconds(step.duration))
            switch step.outcome {
            case .passed(let value): (result, message) = ("passed", value)
            case .skipped(let why): (result, message) = ("skipped", why)
            case .failed(let failure):
                (result, message) = ("failed", failure.message)
                (expected, found, output) = (failure.expected, failure.found, failure.output)
            }
        }
    }

    private static func seconds(_ time: Duration) -> Double { ((time / .milliseconds(1)).rounded()) / 1000 }
}
