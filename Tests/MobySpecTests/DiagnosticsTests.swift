import TestSupport
import Testing

@testable import MobySpec

/// What the reader says of files that are wrong, as it is printed.
@Suite struct DiagnosticsTests {
    struct NoPackage: Error, CustomStringConvertible {
        let folder: String
        var description: String { "there is no build.yml in \(folder)" }
    }

    @Test(arguments: try Golden.inputs("errors")) func everyErrorIsReportedAtItsLocation(_ name: String) throws {
        let text = try Golden.text("errors/\(name).yml")
        let source = SpecReader.Source(name: "\(name).yml", text: text, folder: "/nowhere")
        var found: [Diagnostic] = []
        do {
            found = try SpecReader.read([source]) { throw NoPackage(folder: $0.text) }.warnings
        } catch let error as SpecError {
            found = error.diagnostics
        }
        #expect(!found.isEmpty)
        #expect(
            try Golden.difference(
                DiagnosticRenderer(sources: [source.name: text]).render(found) + "\n", "errors/\(name).txt") == nil)
    }

    @Test func formatsThatAreNotMadeAreToldApart() {
        let source = SpecReader.Source(
            name: "a.yml", text: "outputs: [{format: rpi3}, {format: rawr}, {format: raw}]", folder: nil)
        let error = #expect(throws: SpecError.self) {
            try SpecReader.read([source], outputFormats: ["raw"], notMade: ["rpi3": "take raw"]) { $0.text }
        }
        #expect(
            error?.diagnostics.map(\.message) == [
                "output format 'rpi3' is not supported", "unknown output format 'rawr'",
            ])
        #expect(error?.diagnostics.first?.hint == "take raw")
    }

    @Test func errorsOfAllFilesAreReportedAtOnce() {
        let sources = ["a.yml": "kernal: {}", "b.yml": "[", "c.yml": "services: [{name: a}]"].sorted { $0.key < $1.key }
            .map { SpecReader.Source(name: $0.key, text: $0.value, folder: nil) }
        let error = #expect(throws: SpecError.self) { try SpecReader.read(sources) { $0.text } }
        #expect(error?.diagnostics.compactMap(\.location?.file) == ["a.yml", "b.yml", "c.yml"])
    }

    @Test func thousandsOfErrorsAreCutShort() {
        let problems = Reading.problems((0..<5000).map { "key\($0): 1\n" }.joined())
        #expect(problems.count == 101)
        #expect(problems.last?.message == "4900 more errors are not shown")
    }

    @Test func renderingWithoutTheTextHasNoExcerpt() {
        let problem = Diagnostic(at: SourceLocation(file: "a", line: 1, column: 2), "wrong", hint: "right")
        #expect(DiagnosticRenderer().render([problem]) == "a:1:2: error: wrong\n  hint: right")
        #expect(DiagnosticRenderer().render([Diagnostic(.warning, at: nil, "odd")]) == "warning: odd")
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        let problem = Diagnostic(at: SourceLocation(file: "a", line: 2, column: 3), "wrong")
        let text = DiagnosticRenderer(sources: ["a": "x\r\n\u{1B}[2J\ty\rz"]).render([problem])
        #expect(text == "a:2:3: error: wrong\n  2 | \u{FFFD}[2J\ty\n    |   ^")
    }

    @Test func longLinesAreCutAroundThePlace() throws {
        let problem = Diagnostic(at: SourceLocation(file: "a", line: 1, column: 5001), "wrong")
        let text = DiagnosticRenderer(sources: [
            "a": String(repeating: "a", count: 5000) + "X" + String(repeating: "b", count: 5000)
        ])
        .render([problem])
        let lines = text.split(separator: "\n")
        let (line, caret) = (lines[1], lines[2])
        #expect(line.count < 200)
        #expect(
            line.firstIndex(of: "X")
                == caret.firstIndex(of: "^").map {
                    line.index(line.startIndex, offsetBy: caret.distance(from: caret.startIndex, to: $0))
                })
    }
}
