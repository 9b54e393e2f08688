import FoundationEssentials
import Testing

@testable import MobySpec

/// What is made of the tables: the page and the schema.
@Suite struct ReferenceTests {
    @Test func pageIsTheOneThatIsCommitted() throws {
        try Golden.expect(SpecReference.markdown, at: Golden.project.appending(path: "docs/spec.md"))
    }

    @Test func everyLinkOfThePageLeadsSomewhere() {
        let page = SpecReference.markdown
        let headings = Set(page.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) })
        let links = page.matches(of: #/\]\(#([^)]*)\)/#).map { String($0.output.1) }
        #expect(links.count > 20)
        #expect(links.filter { !headings.contains($0) } == [])
    }

    @Test func schemaIsTheOneThatIsCommitted() throws {
        try Golden.expect(SpecSchema.json.text(indent: 2) + "\n", "schema.txt")
    }

    /// Python's jsonschema is the judge: the schema is one, good files pass, bad ones do not.
    @Test func schemaJudgesAsTheReaderDoes() throws {
        let good = try Golden.inputs("specs").map { try Reading.spec(try Golden.text("specs/\($0).yml")).json }
        let bad = [
            #"{"kernal":{}}"#, #"{"services":[{"name":"a"}]}"#, #"{"services":[{"name":"a","image":"b","comand":[]}]}"#, #"{"trust":{}}"#,
            #"{"services":[{"name":"a","image":"b","resources":{"memory":{"kerneltcp":1}}}]}"#,
            #"{"files":[{"path":"a","contents":"x","mode":420}]}"#,
            #"{"services":[{"name":"a/b","image":"b"}]}"#, #"{"services":[{"name":"a","image":"b","restart":"maybe"}]}"#,
        ]
        for text in bad { #expect(!Reading.faults(text).isEmpty) }
        let input = JSONValue.object([
            ("schema", SpecSchema.json), ("good", .array(good)), ("bad", .array(try bad.map { try JSONValue(parsing: $0) })),
        ])
        let script = """
            import json, sys, jsonschema
            d = json.load(open(sys.argv[1]))
            jsonschema.Draft7Validator.check_schema(d["schema"])
            v = jsonschema.Draft7Validator(d["schema"])
            for x in d["good"]: v.validate(x)
            for x in d["bad"]:
                assert not v.is_valid(x), x
            print(len(d["good"]), len(d["bad"]))
            """
        let file = FileManager.default.temporaryDirectory.appending(path: "moby-schema-\(UUID().uuidString).json")
        try Data(input.text().utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try Tool.run("python3", ["-c", script, file.path])
        #expect(result == "\(good.count) \(bad.count)\n")
    }
}
