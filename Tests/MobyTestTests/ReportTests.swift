import FoundationEssentials
import TestSupport
import Testing

@testable import MobyTest

/// Results as others read them. Python's parsers are the judges.
@Suite struct ReportTests {
    /// Names and outputs that would break a careless report: control characters, markup, directives.
    private static let hostile = "a<b>&\"c\" ]]> \u{1B}[31m \u{0} \u{FFFE} # TODO é\u{202E}\n1..9\nnot ok 3"

    static func report() -> TestReport {
        var report = TestReport(name: "web")
        var machine = MachineReport(name: "iso uefi")
        machine.duration = .milliseconds(4250)
        machine.boot = .milliseconds(3100)
        machine.steps = [
            StepResult(name: "up", kind: "up", outcome: .passed("2 services"), duration: .milliseconds(3200)),
            StepResult(
                name: hostile, kind: "http",
                outcome: .failed(
                    StepFailure("the status is 404", expected: "status 200", found: hostile, output: hostile)),
                duration: .milliseconds(1000)),
            StepResult(name: "tcp :22", kind: "tcp", outcome: .skipped("'up' # failed"), duration: .zero),
        ]
        machine.console = ["[    0.000000] Linux version 6.1", hostile]
        report.machines = [machine]
        return report
    }

    /// The tools that read the reports, in a folder of their own.
    /// - Returns: the lines that begin with `> `; the tools print others.
    private static func python(_ script: String, _ text: String) async throws -> [String] {
        let path = "\(Program.root)/.build/tools/test-reports"
        return try await withTemporaryDirectory { folder in
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/report"))
            let answer = try await Oracle("python3").run([
                "-c", "import sys; sys.path.insert(0, '\(path)')\n" + script, "\(folder)/report",
            ])
            try #require(answer.succeeded, "\(answer.complaint)")
            return answer.text.split(separator: "\n").filter { $0.hasPrefix("> ") }.map { String($0.dropFirst(2)) }
        }
    }

    @Test func junitIsReadByItsParser() async throws {
        let script = """
            import junitparser
            for suite in junitparser.JUnitXml.fromfile(sys.argv[1]):
                print(">", suite.name, suite.tests, suite.failures, suite.skipped, suite.time)
                for case in suite:
                    print(">", case.classname, [type(r).__name__ for r in case.result], case.time)
            """
        #expect(
            try await Self.python(script, JUnitReport.text([Self.report()])) == [
                "web iso uefi 3 1 1 4.25", "web iso uefi [] 3.2", "web iso uefi ['Failure'] 1.0",
                "web iso uefi ['Skipped'] 0.0",
            ])
    }

    /// A test that could not be completed is an error next to the machines that were tested before.
    @Test func errorsAreReported() async throws {
        var broken = Self.report()
        broken.problem = TestReport.Problem("error: no space\n  hint: \(Self.hostile)", exitCode: 1)
        let wrong = TestReport(name: "two", problem: TestReport.Problem("two.yml:1:1: error: wrong", exitCode: 2))
        let reports = [broken, wrong]
        #expect(TestReport.exitCode(reports) == 2)
        let junit = """
            import junitparser
            for suite in junitparser.JUnitXml.fromfile(sys.argv[1]):
                print(">", suite.name, suite.tests, suite.errors, [r.message for case in suite for r in case.result][-1])
            """
        #expect(
            try await Self.python(junit, JUnitReport.text(reports)).map { $0.prefix(24) }
                == [
                    "web iso uefi 3 0 'up' # f", "web 1 1 error: no space", "two 1 1 two.yml:1:1: err",
                ].map { $0.prefix(24) })
        let tap = """
            from tap.parser import Parser
            for line in Parser().parse_file(sys.argv[1]):
                if line.category == "test": print(">", line.number, line.ok)
            """
        #expect(
            try await Self.python(tap, TAPReport.text(reports)) == [
                "1 True", "2 False", "3 True", "4 False", "5 False",
            ])
        let json = try JSONReport.text(reports)
        #expect(json.contains(#""result" : "error""#) || json.contains(#""result": "error""#))
        #expect(TextReport.summary(wrong) == "two: no step was taken; the test could not be completed")
    }

    /// Readers identify a case by its name.
    @Test func casesHaveNamesOfTheirOwn() {
        #expect(JUnitReport.unique(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"])
    }

    @Test func tapIsReadByItsParser() async throws {
        let script = """
            from tap.parser import Parser
            for line in Parser().parse_file(sys.argv[1]):
                if line.category == "test": print(">", line.number, line.ok, line.skip, line.todo)
                elif line.category != "diagnostic": print(">", line.category)
            """
        #expect(
            try await Self.python(script, TAPReport.text([Self.report()])) == [
                "version", "plan", "1 True False False", "2 False False False", "3 True True False",
            ])
    }

    @Test func jsonHasItsFields() throws {
        let text = try JSONReport.text([Self.report()])
        struct Document: Decodable {
            struct Test: Decodable {
                let name, result: String
                let machines: [Machine]
            }
            struct Machine: Decodable {
                let name: String
                let time, boot: Double
                let steps: [Step]
                let console: [String]
            }
            struct Step: Decodable, Equatable {
                let name, kind, result: String
                let message, expected: String?
            }
            let version, exitCode: Int
            let tests: [Test]
        }
        let document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        #expect((document.version, document.exitCode) == (1, 1))
        #expect(document.tests.first?.result == "failed")
        let machine = try #require(document.tests.first?.machines.first)
        #expect((machine.name, machine.time, machine.boot) == ("iso uefi", 4.25, 3.1))
        #expect(machine.steps.map(\.result) == ["passed", "failed", "skipped"])
        #expect(machine.steps[1].name == Self.hostile)
        #expect(machine.steps[1].expected == "status 200")
    }

    @Test func textSaysWhatWasExpectedAndFound() throws {
        let step = Self.report().steps[1]
        let simple = StepResult(
            name: "http :80/", kind: step.kind,
            outcome: .failed(StepFailure("the status is 404", expected: "status 200", found: "404", output: "a\nb")),
            duration: step.duration)
        #expect(
            TextReport.step(simple) == """
                  FAIL    1.00 s  http :80/
                         the status is 404
                         expected: status 200
                         found:    404
                         | a
                         | b
                """)
        #expect(TextReport.summary(Self.report()) == "web: 1 failed, 1 passed, 1 skipped in 4.25 s")
    }

    @Test func exitCodesAreTheDocumentedOnes() {
        var report = Self.report()
        #expect(report.exitCode == 1)
        report.isTimedOut = true
        #expect(report.exitCode == 124)
        report.signal = 2
        #expect(report.exitCode == 130)
        #expect(TestReport(name: "a").exitCode == 0)
        #expect(TestReport.exitCode([TestReport(name: "a"), Self.report()]) == 1)
    }
}
