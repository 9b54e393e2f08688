import JSON
import Testing

@testable import MobySpec

@Suite struct DiagnosticReportTests {
    private static let place = SourceLocation(file: "a,b:c %.yml", line: 3, column: 7)

    @Test func githubEscapesWhatWouldEndAProperty() {
        let report = DiagnosticReport([
            .init(Diagnostic(at: Self.place, "100% of 'a,b: c'", hint: "x\r\ny")),
            .init(Diagnostic(.warning, at: nil, "somewhere")), .init(.note, "two\nlines"),
        ])
        #expect(
            report.github == """
                ::error file=a%2Cb%3Ac %25.yml,line=3,col=7::100%25 of 'a,b: c'%0Ahint: x%0D%0Ay
                ::warning::somewhere
                ::notice::two%0Alines

                """)
    }

    @Test(arguments: [
        ("a/b.yml", "a/b.yml"), ("/a b/ü.yml", "file:///a%20b/%C3%BC.yml"), ("<stdin>", "%3Cstdin%3E"),
        ("https://h/a.yml", "https://h/a.yml"), ("a:b.yml", "a%3Ab.yml"),
    ]) func sarifHasURIs(_ file: String, _ uri: String) {
        let log = DiagnosticReport([.init(.unavailable, file: file, "read")]).sarif(version: "1", file: "x.yml")
        let result = log["runs"]?.array?.first?["results"]?.array?.first
        let location = result?["locations"]?.array?.first?["physicalLocation"]
        #expect(location?["artifactLocation"]?["uri"] == .string(uri))
        #expect(location?["region"] == nil)
    }

    /// GitHub refuses a log with a result that has no location.
    @Test func everySARIFResultHasALocation() {
        let log = DiagnosticReport([.init(.note, "x")]).sarif(version: "1", file: "x.yml")
        let location = log["runs"]?.array?.first?["results"]?.array?.first?["locations"]?.array?.first
        #expect(location?["physicalLocation"]?["artifactLocation"]?["uri"] == .string("x.yml"))
    }

    /// A CI runner takes lines that begin with '::' for commands.
    @Test func namesOfFilesAreNoCommands() {
        let place = SourceLocation(file: "::a\n::error::b\u{1B}.yml", line: 1, column: 2)
        #expect("\(place)" == "./::a\\n::error::b\\x1b.yml:1:2")
    }

    @Test func jsonLeavesOutWhatIsNotKnown() {
        let report = DiagnosticReport([
            .init(Diagnostic(at: Self.place, "wrong"), isUnavailable: true), .init(.note, "note"),
        ])
        #expect(
            report.json.text(indent: 2) == """
                {
                  "diagnostics": [
                    {
                      "rule": "unavailable",
                      "severity": "error",
                      "file": "a,b:c %.yml",
                      "line": 3,
                      "column": 7,
                      "message": "wrong"
                    },
                    {
                      "rule": "note",
                      "severity": "note",
                      "message": "note"
                    }
                  ]
                }
                """)
    }
}
