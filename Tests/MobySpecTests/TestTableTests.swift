import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// The keys of test files, each through its own example.
@Suite struct TestTableTests {
    static let formats = ["kernel+initrd", "iso", "qcow2-efi", "gcp"]

    /// A step of each kind, with the keys that it needs.
    private static let steps = [
        "test.service": ("service", "name", "a"), "test.http": ("http", "port", "1"),
        "test.ssh": ("ssh", "user", "a"), "test.exec": ("exec", "command", "[a]"),
        "test.file": ("file", "path", "/a"), "test.disk": ("disk", "mount", "/a"),
    ]

    static let rows: [TableRow] = KeyTable.test.description.reachable.flatMap { table in
        table.rows.compactMap { row in
            switch table.name {
            case "test": return TableRow(table: table.name, row: row, frame: "{%}")
            case "test.machine": return TableRow(table: table.name, row: row, frame: "{machine: {%}}")
            case "test.expect":
                let other = TestStepDraft.kinds.contains(row.name) ? "" : ", up: true"
                return TableRow(table: table.name, row: row, frame: "{expect: [{%\(other)}]}")
            default:
                guard let (kind, key, value) = steps[table.name] else { return nil }
                let other = row.name == key ? "" : ", \(key): \(value)"
                return TableRow(table: table.name, row: row, frame: "{expect: [{\(kind): {%\(other)}}]}")
            }
        }
    }

    static func read(_ text: String) throws -> TestSpec {
        try TestReader.read(
            text, file: "a.test.yml", outputFormats: formats, bootable: formats.filter { $0 != "gcp" })
    }

    static func errors(_ text: String) -> [Diagnostic] {
        do {
            _ = try read(text)
            return []
        } catch { return (error as? SpecError)?.diagnostics ?? [Diagnostic(at: nil, "\(error)")] }
    }

    @Test func everyTableIsTested() {
        #expect(Set(Self.rows.map(\.table)) == Set(KeyTable.test.description.reachable.map(\.name)))
    }

    @Test(arguments: rows) func exampleIsReadAndWrittenAndReadAgain(_ row: TableRow) throws {
        let json = KeyTable.test.write(try Self.read(row.file(row.row.example))).text()
        #expect(json.contains("\"\(row.row.name)\":"), "\(json)")
        #expect(KeyTable.test.write(try Self.read(json)).text() == json)
    }

    @Test(arguments: rows) func misspelledKeyIsReported(_ row: TableRow) {
        let name = String(row.row.name.dropLast()) + "QQ"
        let errors = Self.errors(row.file(row.row.example, key: name))
        #expect(errors.contains { $0.message.hasPrefix("unknown key '\(name)' ") && $0.hint != nil }, "\(errors)")
    }

    @Test(arguments: rows) func wrongTypeIsReported(_ row: TableRow) {
        let errors = Self.errors(row.file("[[{a: b}]]"))
        #expect(
            errors.contains { $0.message.contains("expected") || $0.message.contains("unknown metric") }, "\(errors)")
    }

    /// A message and a hint of each kind.
    @Test(
        arguments: [
            ("", "the test file is empty", "write what is expected: 'expect: [up]'"),
            ("expect: [pu]", "'expect[0]' is 'pu', expected one of 'poweroff', 'reboot', 'up'", "did you mean 'up'?"),
            (
                "expect: [{http: 80, tcp: 22}]", "'expect[0]' has 'http' and 'tcp', expected exactly one",
                "write a step for each"
            ),
            ("expect: [{timeout: 5}]", "'expect[0]' has no expectation, expected exactly one", nil),
            ("expect: [{up: true, timeout: 5x}]", "'expect[0].timeout' is '5x', expected a time", nil),
            ("expect: [{console: \"(\"}]", "'expect[0].console' is '(', which is not a regular expression", nil),
            (
                "expect: [{http: {port: 80, path: index}}]",
                "'expect[0].http.path' is 'index', expected the path of a URL", nil
            ),
            ("expect: [{metric: {boots: 5s}}]", "unknown metric 'boots'", "did you mean 'boot'?"),
            (
                "expect: [{metric: {boot: \">= 5s\"}}]",
                "'expect[0].metric.boot' is '>= 5s', expected an upper bound",
                "write \"<= 8s\""
            ),
            ("expect: [poweroff, up]", "'poweroff' is followed by other steps", "make it the last, or write 'reboot'"),
            (
                "machine: {format: gcp}", "format 'gcp' cannot be booted by QEMU as it is",
                "one of kernel+initrd, iso, qcow2-efi"
            ),
            (
                "expect: [{file: {path: /a, absent: true, content: b}}]", "'absent' and 'content' cannot be combined",
                "a file that does not exist has no content"
            ),
            ("machine: {format: isso}", "unknown output format 'isso'", "did you mean 'iso'?"),
            ("machine: {arch: amd46}", "unknown architecture 'amd46'", "did you mean 'amd64'?"),
            (
                "machine: {memory: 1.0001M}", "'machine.memory' is '1.0001M', expected whole MiB",
                "write 512, 512M or 2G"
            ),
            (
                "expect: [{exec: {command: ls -l}}]", "'expect[0].exec.command' is the string 'ls -l', expected a list",
                nil
            ),
        ] as [(String, String, String?)])
    func mistakeIsExplained(_ text: String, _ message: String, _ hint: String?) {
        let errors = Self.errors(text)
        #expect(errors.map(\.message) == [message])
        if let hint { #expect(errors.first?.hint == hint) }
    }

    @Test func valuesAreRead() throws {
        let test = try Self.read(
            """
            machine: {format: [iso, kernel+initrd], memory: [256, 1G], disk: 64M}
            expect:
              - {up: true, timeout: 1.5m}
              - metric: {boot: ≤ 500ms, initrd: "<= 1.5k", gcp: 30M}
            """)
        #expect(test.machine.formats.map(\.value) == ["iso", "kernel+initrd"])
        #expect(test.machine.memory == [256, 1024])
        #expect(test.machine.disks == [64])
        #expect(test.steps.map(\.timeout) == [.seconds(90), nil, nil])
        guard case .metric(let budgets) = test.steps[1].expectation else {
            Issue.record("no budgets")
            return
        }
        #expect(budgets.map(\.limit) == [.time(.milliseconds(500)), .bytes(1500), .bytes(30_000_000)])
        guard case .poweroff(.clean) = test.steps[2].expectation else {
            Issue.record("the last step is \(test.steps[2])")
            return
        }
        #expect(TestSpec().steps.count == 2)
    }

    /// Names of services and containers are compared with the spec.
    @Test func nameThatTheSpecDoesNotHaveIsReported() throws {
        let source = SpecReader.Source(
            name: "a.yml", text: "{onboot: [{name: dhcp, image: b}], services: [{name: nginx, image: b}]}", folder: "/")
        let spec = try SpecReader.read([source]) { _ in "moby/a:1" }.spec
        let test = try Self.read(
            "expect: [{service: ngnix}, {exec: {container: dhcp, command: [a]}}, {file: {container: x, path: /a}}]")
        let problems = test.problems(in: spec)
        #expect(problems.map(\.message) == ["the spec has no service 'ngnix'", "the spec has no container 'x'"])
        #expect(problems.map(\.hint) == ["did you mean 'nginx'?", "it has dhcp, nginx"])
        #expect(problems.map(\.location?.line) == [1, 1])
    }

    @Test func pageIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/test-spec.md").path
        #expect(try Golden.difference(SpecReference.test, at: page) == nil)
    }

    /// The examples' tests and every key's example satisfy the schema that editors apply, wrong ones do not.
    @Test func schemaAcceptsWhatTheReaderAccepts() throws {
        let folder = Golden.project.appending(path: "examples").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter(TestReader.isTest).sorted()
        #expect(files.count >= 4)
        var texts = try files.map { try TestFile.text("\(folder)/\($0)") }
        texts += Self.rows.map { $0.file($0.row.example) }
        texts += ["expect: [up, reboot, poweroff]", "expect: [{http: 80}, {service: a}, {tcp: 1}]"]
        let wrong = [
            "[]", "{expects: []}", "{expect: up}", "{expect: [pu]}", "{expect: [{}]}", "{expect: [{http: 0}]}",
            "{expect: [{http: 80, tcp: 1}]}", "{expect: [{service: {state: running}}]}",
            "{expect: [{exec: {command: ls}}]}", "{machine: {format: floppy}}", "{machine: {cpus: 0}}",
            "{machine: {firmware: efi}}",
        ]
        #expect(texts.flatMap(Self.errors) == [])
        #expect(wrong.filter { Self.errors($0).isEmpty } == [])
        let schema = SpecSchema.test(outputFormats: Self.formats)
        let found = try SchemaTests.errors((texts + wrong).map(SchemaTests.document), in: schema)
        #expect(found.prefix(texts.count).allSatisfy { $0 == 0 }, "\(found)")
        #expect(found.dropFirst(texts.count).allSatisfy { $0 > 0 }, "\(found)")
    }
}
