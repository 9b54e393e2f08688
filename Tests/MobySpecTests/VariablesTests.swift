import Testing

@testable import MobySpec

@Suite struct VariablesTests {
    private func read(_ texts: String..., set: [String: String] = [:]) throws -> Spec {
        let sources = texts.enumerated().map { SpecReader.Source(name: "\($0).yml", text: $1, folder: "/") }
        let variables = Variables(
            set: set.map { ($0.key, $0.value) }, environment: [:], files: [], isGiven: !set.isEmpty)
        return try SpecReader.read(sources, variables: variables) { $0.text }.spec
    }

    private func problems(_ text: String, set: [String: String] = [:]) -> [Diagnostic] {
        do {
            _ = try read(text, set: set)
            return []
        } catch { return (error as? SpecError)?.diagnostics ?? [] }
    }

    private static func service(_ keys: String) -> String { "services: [{name: a, image: a, \(keys)}]" }

    /// What shells write must stay as it is in a file that knows nothing of variables.
    @Test func aFileWithoutVariablesIsText() throws {
        let text = "echo ${FOO} ${X%.*} $$ $1 ${A:-b}"
        let spec = try read(Self.service("command: [sh, -c, \"\(text)\"]"))
        #expect(spec.services[0].options.command == ["sh", "-c", text])
        #expect(spec.variables.isEmpty)
    }

    @Test(arguments: [
        ("${A}", "1"), ("x${A}y${A}", "x1y1"), ("$${A}", "${A}"), ("$$", "$"), ("$$$$A", "$$A"), ("$A", "$A"),
        ("$", "$"),
        ("a$", "a$"), ("$(A)", "$(A)"), ("${B:-x y}", "x y"), ("${A:-x}", "1"), ("${E:-x}", "x"), ("${E}", ""),
        ("${B:-}", ""), ("${B:-${A}}", "1"), ("${B:-${C:-$$}}z", "$z"), ("${A:-${B}}", "1"), ("${R}", "${A}"),
        ("ü${A}€", "ü1€"),
    ]) func text(_ text: String, _ expected: String) {
        var text = VariableText(text) { ["A": "1", "E": "", "R": "${A}"][$0] }
        #expect(text.expanded() == expected)
        #expect(text.problems.isEmpty)
    }

    @Test(arguments: [
        ("${B}", VariableText.Problem.unset("B")), ("${B:-${C}}", .unset("C")), ("x${", .invalid("${")),
        ("${A", .invalid("${A")), ("${}", .invalid("${}")), ("${1}", .invalid("${1}")),
        ("${A%.*}x", .invalid("${A%.*}")), ("${A:?e}", .invalid("${A:?e}")), ("${B:-x", .invalid("${B:-x")),
        ("${ A }", .invalid("${ A }")),
    ]) func problem(_ text: String, _ expected: VariableText.Problem) {
        var text = VariableText(text) { ["A": "1"][$0] }
        _ = text.expanded()
        #expect(text.problems == [expected])
    }

    @Test func deepDefaultsEnd() {
        var text = VariableText(String(repeating: "${A:-${1}", count: 100_000)) { _ in nil }
        _ = text.expanded()
        #expect(!text.problems.isEmpty)
    }

    @Test func textsHaveALimit() {
        var text = VariableText(String(repeating: "${A}", count: 100), limit: 999) { _ in
            String(repeating: "a", count: 10)
        }
        #expect(text.expanded().isEmpty)
        #expect(text.problems == [.tooLong])
    }

    /// Of all values together: each may be small.
    @Test func valuesHaveALimitTogether() {
        let value = String(repeating: "a", count: 1 << 20)
        let files = (0..<5).map { "- {path: f\($0), contents: \"${A}\"}" }.joined(separator: "\n")
        let found = problems("variables: {A: \(value)}\nfiles:\n\(files)\n")
        #expect(found.contains { $0.message == "the values of variables expand to more than 4 MiB" })
    }

    /// The text decides, with quotes and without, in YAML and in JSON.
    @Test(arguments: ["${%}", "\"${%}\"", "'${%}'"]) func aValueFitsWhereItsTextFits(_ form: String) throws {
        func value(_ name: String) -> String { form.replacing("%", with: name) }
        let text = """
            services:
              - name: a
                image: a
                oomScoreAdj: \(value("N"))
                hostname: \(value("N"))
                uts: new
                readonly: \(value("B"))
                env:
                  - \(value("N"))
            files:
              - path: a
                contents: \(value("B"))
                mode: \(value("M"))
            """
        let spec = try read(text, set: ["N": "12", "B": "true", "M": "0640"])
        let options = spec.services[0].options
        #expect(options.oomScoreAdj == 12)
        #expect(options.hostname == "12")
        #expect(options.readonly == true)
        #expect(options.env == ["12"])
        #expect(spec.files[0].mode == 0o640)
        #expect(
            problems(text, set: ["N": "x", "B": "true", "M": "0640"]).map(\.message) == [
                "'oomScoreAdj' of service 'a' is the string 'x', expected a whole number"
            ])
        let json = #"{"services": [{"name": "a", "image": "a", "oomScoreAdj": "${N}"}]}"#
        #expect(try read(json, set: ["N": "12"]).services[0].options.oomScoreAdj == 12)
    }

    /// Where a number and a name are both possible, quotes make the difference, as without variables.
    @Test func quotesMakeAName() throws {
        let text = "services:\n- name: a\n  image: a\n  uid: \"${N}\"\n  gid: \"${C}\""
        let options = try read(text, set: ["N": "12", "C": "a"]).services[0].options
        #expect(options.uid == .number(12))
        #expect(options.gid == .container("a"))
    }

    @Test func aValueCannotChangeTheStructure() throws {
        let spec = try read(Self.service("hostname: \"${N}\", uts: new"), set: ["N": "a}, {name: b, image: b"])
        #expect(spec.services.count == 1)
        #expect(spec.services[0].options.hostname == "a}, {name: b, image: b")
    }

    @Test func keysAreNotExpanded() throws {
        let spec = try read(Self.service("annotations: {\"${N}\": \"${N}\"}"), set: ["N": "1"])
        #expect(spec.services[0].options.annotations == ["${N}": "1"])
    }

    @Test func declaredValuesAreDefaultsOfTheirFilesOnly() throws {
        let base = "variables: {TAG: 1, OTHER: x}\nservices: [{name: a, image: \"a:${TAG}\"}]"
        let old = "services: [{name: b, image: b, command: [\"${TAG}\"]}]"
        let spec = try read(base, old)
        #expect(spec.services[0].image.value == "a:1")
        #expect(spec.services[1].options.command == ["${TAG}"])
        #expect(spec.variables == ["TAG": "1"])
        #expect(try read(base, "variables: {TAG: 2}").services[0].image.value == "a:2")
        #expect(try read(base, "variables: {TAG: }").services[0].image.value == "a:1")
        let given = try read(base, old, set: ["TAG": "3"])
        #expect(given.services.map(\.image.value) == ["a:3", "b"])
        #expect(given.services[1].options.command == ["3"])
        #expect(!given.yaml.contains("variables"))
    }

    @Test func unsetOnesAreReportedOnceWithAGuess() {
        let text = "variables: {TAG: 1, NUM: }\nservices: [&a {name: a, image: \"a:${TGA}\", oomScoreAdj: \"${NUM}\"}]"
        let found = problems(text + "\nonboot: [*a]")
        #expect(found.map(\.message) == ["the variable 'TGA' has no value", "the variable 'NUM' has no value"])
        #expect(found.first?.location?.description == "0.yml:2:32")
        #expect(found.first?.hint?.hasPrefix("did you mean 'TAG'? ") == true)
    }

    @Test func declarationsAreChecked() {
        #expect(
            problems("variables: {A-B: 1, C: [1]}").map(\.message) == [
                "'A-B' is not a valid name of a variable", "'variables.C' is a list, expected a string",
            ])
        #expect(
            problems("variables: [A]").first?.message.hasPrefix("'variables' is a list, expected a mapping") == true)
    }

    @Test func setWinsOverEnvironmentOverFiles() {
        let variables = Variables(
            set: [("A", "set")], environment: ["A": "env", "B": "env"],
            files: [("A", "file"), ("B", "file"), ("C", "file"), ("C", "later")], isGiven: true)
        #expect(["A", "B", "C", "D"].map { variables[$0] } == ["set", "env", "later", nil])
    }

    @Test func aNameThatNoFileUsesIsAWarning() throws {
        let variables = Variables(set: [("TGA", "1"), ("NUM", "2")], environment: [:], files: [], isGiven: true)
        let source = SpecReader.Source(name: "a.yml", text: "variables: {TAG: 1, NUM: 1}", folder: "/")
        let spec = try SpecReader.read([source], variables: variables) { $0.text }.spec
        #expect(variables.unused(by: [spec]).map(\.message) == ["no file uses the variable 'TGA'"])
        #expect(variables.unused(by: [spec]).map(\.hint) == ["did you mean 'TAG'?"])
    }

    @Test func environmentFile() throws {
        let text = "# c\n\nA=1\n  B = x\r\nexport C='a b' \nD=\"x=y\nE=\n"
        let error = #expect(throws: SpecError.self) { try EnvironmentFile.read(text, name: "e") }
        #expect(error?.diagnostics.map { "\($0)" }.count == 1)
        #expect(error?.diagnostics.first?.location?.description == "e:4:3")
        let read = try EnvironmentFile.read(text.replacing("  B = x\r\n", with: "B=x\r\n"), name: "e")
        #expect(read.map(\.name) == ["A", "B", "C", "D", "E"])
        #expect(read.map(\.value) == ["1", "x", "a b", "\"x=y", ""])
        let missing = #expect(throws: SpecError.self) { try EnvironmentFile.read("PATH", name: "e") }
        #expect(missing?.diagnostics.first?.message == "'PATH' has no value")
    }
}
