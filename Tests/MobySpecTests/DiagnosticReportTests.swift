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
        let log = DiagnosticReport([.init(.unavailable, file: file, "read")]).sarif(version: "1")
        let result = log["runs"]?.array?.first?["results"]?.array?.first
        let location = result?["locations"]?.array?.first?["physicalLocation"]
        #expect(location?["artifactLocation"]?["uri"] == .string(uri))
        #expect(location?["region"] == nil)
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
