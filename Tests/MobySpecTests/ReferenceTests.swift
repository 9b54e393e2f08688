import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// What is made of the tables: the page and the schema.
@Suite struct ReferenceTests {
    @Test func pageIsTheOneThatIsCommitted() throws {
        #expect(
            try Golden.difference(SpecReference.markdown, at: Golden.project.appending(path: "docs/spec.md").path)
                == nil)
    }

    @Test func pageOfPackagesIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/package-spec.md").path
        #expect(try Golden.difference(SpecReference.package, at: page) == nil)
    }

    @Test(arguments: [SpecReference.markdown, SpecReference.package]) func everyLinkOfThePageLeadsSomewhere(
        _ page: String
    ) {
        // GitHub's rule: lower case, without punctuation.
        let headings = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("## ") }.map {
                $0.dropFirst(3).lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            })
        let links = page.matches(of: #/\]\(#([^)]*)\)/#).map { String($0.output.1) }
        #expect(!links.isEmpty)
        #expect(links.filter { !headings.contains($0) } == [])
    }

    @Test func schemaIsTheOneThatIsCommitted() throws {
        #expect(try Golden.difference(SpecSchema.json().text(indent: 2) + "\n", "schema.txt") == nil)
    }
}

/// The JSON Schema as editors apply it. Python's jsonschema is the judge.
@Suite struct SchemaTests {
    /// One error each, as the reader finds it; the schema finds it too where that can be said in JSON Schema.
    private static let problems: [(text: String, schemaFinds: Bool)] = [
        ("{kernal: {}}", true), ("", true), ("[]", true), ("kernel: linux", true), ("init: a", true),
        ("kernel: {cmdline: \"a\\nb\"}", true), ("kernel: {cmdline: \"a\\tb\"}", true),
        ("kernel: {binary: boot/kernel}", true),
        ("kernel: {ucode: ..}", true), ("kernel: {image: Nginx}", true), ("kernel: {image: \"nginx:a b\"}", true),
        ("init: [\"docker-daemon:x/y:1\"]", true), ("init: [\"\"]", true), ("system: []", true),
        ("services: [{name: a}]", true), ("services: [{image: b}]", true),
        ("services: [{name: a, image: b, comand: []}]", true),
        ("services: [{name: a/b, image: b}]", true), ("services: [{name: .., image: b}]", true),
        ("services: [{name: \"\", image: b}]", true),
        ("services: [{name: a, image: b, restart: maybe}]", true),
        ("services: [{name: a, image: b, restart: true}]", true),
        ("services: [{name: a, image: b, timeout: 5}]", true),
        ("services: [{name: a, image: b, onfailure: halt}]", true),
        ("onboot: [{name: a, image: b, restart: always}]", true),
        ("onshutdown: [{name: a, image: b, onfailure: reboot}]", true),
        ("services: [{name: a, image: b, readonly: \"true\"}]", true),
        ("services: [{name: a, image: b, oomScoreAdj: 2000}]", true),
        ("services: [{name: a, image: b, net: hots}]", true), ("services: [{name: a, image: b, cwd: srv}]", true),
        ("services: [{name: a, image: b, command: nginx}]", true), ("services: [{name: a, image: b, env: [1]}]", true),
        ("services: [{name: a, image: b, capabilities: [CAP_NETADMIN]}]", true),
        ("services: [{name: a, image: b, capabilities: [all, CAP_CHOWN]}]", true),
        ("services: [{name: a, image: b, ambient: [chown]}]", true),
        ("services: [{name: a, image: b, binds: [/a]}]", true),
        ("services: [{name: a, image: b, binds: [\"a:/b:c:d\"]}]", true),
        ("services: [{name: a, image: b, tmpfs: [\"/a:b:c\"]}]", true),
        ("services: [{name: a, image: b, maskedPaths: [proc]}]", true),
        ("services: [{name: a, image: b, rlimits: [\"nofiles,1,2\"]}]", true),
        ("services: [{name: a, image: b, rlimits: [\"nofile,1\"]}]", true),
        ("services: [{name: a, image: b, sysctl: {a: 1}}]", true), ("services: [{name: a, image: b, uid: -1}]", true),
        ("services: [{name: a, image: b, devices: [{path: /a, type: c}]}]", true),
        ("services: [{name: a, image: b, devices: [{path: a, type: c, mode: \"0600\"}]}]", true),
        ("services: [{name: a, image: b, devices: [{path: /a, type: x, mode: \"0600\"}]}]", true),
        ("services: [{name: a, image: b, runtime: {interfaces: [{add: veth}]}}]", true),
        ("services: [{name: a, image: b, runtime: {mkdir: [../a]}}]", true),
        ("services: [{name: a, image: b, uidMappings: [{hostID: 1, size: 1}]}]", true),
        ("services: [{name: a, image: b, resources: {memory: {limit: 100M}}}]", true),
        ("services: [{name: a, image: b, resources: {memory: {kerneltcp: 1}}}]", true),
        ("services: [{name: a, image: b, resources: {hugepageLimits: [{pageSize: 2MiB}]}}]", true),
        ("volumes: [{name: A}]", true), ("volumes: [{name: a, format: ext5}]", true),
        ("volumes: [{name: a, platforms: [amd64]}]", true),
        ("files: [{path: a}]", true), ("files: [{path: a, contents: x, source: y}]", true),
        ("files: [{path: a, contents: x, mode: 420}]", true),
        ("files: [{path: a/../b, contents: x}]", true), ("files: [{path: /, directory: true}]", true),
        ("files: [{path: ./TRAILER!!!, contents: x}]", true), ("files: [{path: images/a, contents: x}]", true),
        ("files: [{path: a, metadata: toml}]", true), ("outputs: [{format: rawr}]", true), ("outputs: [{}]", true),
        ("variables: {A-B: 1}", true), ("variables: {A: [1]}", true),
        ("services: [{name: a, image: b, oomScoreAdj: \"$N\"}]", true),
        // What depends on other places of the file, on numbers in a text, or on how YAML is written.
        ("files: [{path: etc/moby, contents: x}]", false),
        ("services: [{name: a, image: b}, {name: a, image: b}]", false),
        ("services: [{name: a, image: b, binds: [\"v:/v\"]}]", false),
        ("services: [{name: a, image: b, uid: c}]", false),
        ("services: [{name: a, image: b, rlimits: [\"nofile,2,1\"]}]", false),
        ("services: [{name: a, image: b, mounts: [{type: tmpfs}]}]", false),
        ("init: [\"@pgk:a\"]", true), ("{init: [a], init: [b]}", false),
    ]

    private static func reader(_ text: String) -> [Diagnostic] {
        do {
            let source = SpecReader.Source(name: "a.yml", text: text, folder: "/")
            _ = try SpecReader.read([source], outputFormats: ["gcp", "gcp-img", "kernel+initrd"]) { _ in "moby/a:1" }
            return []
        } catch { return (error as? SpecError)?.diagnostics ?? [] }
    }

    /// As an editor sees a text: templates are not resolved.
    static func document(_ text: String) -> JSONValue {
        var problems: [Diagnostic] = []
        return YAMLReader.read(text, file: "a.yml", &problems).map { JSONValue($0) } ?? .null
    }

    private static func schema(_ documents: [JSONValue]) throws -> [Int] {
        try errors(documents, in: SpecSchema.json(outputFormats: ["gcp", "gcp-img", "kernel+initrd"]))
    }

    /// - Returns: for each document, how many errors the schema finds.
    static func errors(_ documents: [JSONValue], in schema: JSONValue) throws -> [Int] {
        let script = """
            import json, sys, jsonschema
            d = json.load(open(sys.argv[1]))
            jsonschema.Draft7Validator.check_schema(d["schema"])
            v = jsonschema.Draft7Validator(d["schema"])
            def weight(e):
                # One error may name several keys.
                return len(set(e.instance) - set(e.schema["properties"])) if e.validator == "additionalProperties" and e.validator_value is False else 1
            for x in d["documents"]: print(sum(map(weight, v.iter_errors(x))))
            """
        let file = FileManager.default.temporaryDirectory.appending(path: "moby-schema-\(UUID().uuidString).json")
        try Data(JSONValue.object([("schema", schema), ("documents", .array(documents))]).text().utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try Oracle("python3").output(["-c", script, file.path]).split(separator: "\n").compactMap { Int($0) }
    }

    @Test func schemaFindsWhatTheReaderFinds() throws {
        let found = try Self.schema(Self.problems.map { Self.document($0.text) })
        #expect(found.count == Self.problems.count)
        for (problem, count) in zip(Self.problems, found) {
            #expect(
                Self.reader(problem.text).count == 1, "\(problem.text): \(Self.reader(problem.text).map(\.message))")
            #expect((count > 0) == problem.schemaFinds, "\(problem.text)")
        }
    }

    /// What the reader takes, the schema takes: whole files, each key's example, and what YAML 1.1 makes of words.
    @Test func schemaTakesWhatTheReaderTakes() throws {
        let folder = Golden.project.appending(path: "examples")
        let examples = try TestFile.names(in: folder.path).filter { $0.hasSuffix(".yml") && !TestReader.isTest($0) }
        #expect(examples.contains("nginx.yml"))
        var texts = try examples.map {
            String(decoding: try Data(contentsOf: folder.appending(path: $0)), as: UTF8.self)
        }
        texts += try Golden.inputs("specs").map { try Golden.text("specs/\($0).yml") }
        texts += KeyTableTests.rows.filter { $0.row.name != "merge" }.map {
            $0.file("\($0.row.name): \($0.row.example)")
        }
        texts += [
            "services: [{name: a, image: b, restart: false, binds: [\"/a:b\"]}]",
            "kernel: {cmdline: \"a\\n\", image: \"\", tar: \"\"}",
            "init: [\"[::1]:5000/a/b_c:1@sha256:\(String(repeating: "0", count: 64))\", \"localhost:1/a\", \"oci:A B\", \"@pkg:../A\"]",
            "services: [{name: a, image: b, capabilities: [ALL], rlimits: [\"RLIMIT_NOFILE, 1, unlimited\"]}]",
            "files: [{path: a, contents: x, directory: false}, {path: etc/moby, directory: true}]", "{}",
            """
            variables: {N: 1, B: true, S: text, I: "nginx:1"}
            services: [{name: "${S}", image: "${I}", oomScoreAdj: "${N}", readonly: "${B}", restart: "${R:-always}"}]
            """,
        ]
        let found = try Self.schema(texts.map(Self.document))
        #expect(found.count == texts.count)
        for (text, count) in zip(texts, found) {
            #expect(Self.reader(text).isEmpty, "\(text)")
            #expect(count == 0, "\(text)")
        }
    }

    /// Files of errors: none passes, and the schema finds most of what a table of keys finds.
    @Test(arguments: ["containers", "files", "types", "unknown-keys"]) func filesOfErrorsDoNotPass(_ name: String)
        throws
    {
        let text = try Golden.text("errors/\(name).yml")
        let (found, schema) = (Self.reader(text).count, try #require(try Self.schema([Self.document(text)]).first))
        #expect(schema * 3 >= found * 2, "\(schema) of \(found)")
    }

    @Test func everyKeyIsDescribedWithAnExample() throws {
        let schema = SpecSchema.json()
        #expect(schema["$id"] != nil)
        var count = 0
        for (name, definition) in try #require(schema["definitions"]?.members) {
            #expect(definition["title"] == .string(name))
            for (key, property) in definition["properties"]?.members ?? [] {
                #expect(property["description"] != nil && property["examples"] != nil, "\(name).\(key)")
                count += 1
            }
        }
        #expect(count > 120)
    }
}
