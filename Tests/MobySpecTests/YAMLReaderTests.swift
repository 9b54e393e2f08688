import JSON
import TestSupport
import Testing

@testable import MobySpec

@Suite struct YAMLReaderTests {
    private func node(_ text: String) throws -> Node {
        var problems: [Diagnostic] = []
        let node = YAMLReader.read(text, file: "a", &problems)
        #expect(problems.isEmpty)
        return try #require(node)
    }

    private func problems(_ text: String) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        _ = YAMLReader.read(text, file: "a", &problems)
        return problems
    }

    /// The core schema with yaml.v3's additions: underscores, `0644` as octal, whole numbers too long for 64 bits as
    /// floats.
    @Test(arguments: [
        ("", Scalar.Value.null), ("~", .null), ("null", .null), ("Null", .null), ("nULL", .string),
        ("true", .bool(true)), ("TRUE", .bool(true)), ("tRUE", .string), ("yes", .string), ("no", .string),
        ("on", .string), ("y", .string),
        ("0", .integer(0)), ("-0", .integer(0)), ("12", .integer(12)), ("+12", .integer(12)), ("-12", .integer(-12)),
        ("0644", .integer(420)), ("0o644", .integer(420)), ("0x1F", .integer(31)), ("0b101", .integer(5)),
        ("1_000", .integer(1000)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .float(9223372036854775808)),
        ("1.5", .float(1.5)), (".5", .float(0.5)), ("1e3", .float(1000)), ("1.", .float(1)),
        (".inf", .float(.infinity)),
        ("-.inf", .float(-.infinity)),
        ("0x", .string), ("0o9", .string), ("1.2.3", .string), ("12:30", .string), ("-", .string), ("+-1", .string),
        ("--1", .string),
        ("0x-1", .string),
        ("2017-04-23", .string), ("1e", .string), ("e3", .string), ("nan", .string), ("inf", .string),
        ("infinity", .string),
        ("0x1p4", .string),
    ]) func plainScalarsAreResolved(_ text: String, _ value: Scalar.Value) {
        #expect(Scalar.plain(text).value == value)
    }

    @Test func quotedScalarsAreStrings() throws {
        #expect(
            JSONValue(try node("[\"12\", '~', !!str 12, ! 12, \"\"]")).text(indent: 0) == #"["12","~","12","12",""]"#)
        #expect(
            JSONValue(try node("[!!int 12, !!float 1, !!bool true, !!null ~]")).text(indent: 0)
                == #"[12,1.0,true,null]"#)
    }

    @Test func mergeKeysGiveWayToWrittenOnes() throws {
        let text = "{a: &a {x: 1, y: 2}, b: &b {y: 3, z: 4}, c: {<<: [*a, *b], x: 9}, d: {\"<<\": 1}, e: {<<: *b}}"
        let expected = #"{"a":{"x":1,"y":2},"b":{"y":3,"z":4},"c":{"x":9,"y":2,"z":4},"d":{"<<":1},"e":{"y":3,"z":4}}"#
        #expect(JSONValue(try node(text)).text(indent: 0) == expected)
    }

    @Test func anchorsMayBeGivenAgain() throws {
        #expect(JSONValue(try node("[&a 1, *a, &a 2, *a]")).text(indent: 0) == "[1,1,2,2]")
    }

    @Test func bombOfAliasesIsTurnedDown() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(problems(text).map(\.message) == ["aliases expand to more than 4 MiB"])
    }

    @Test func longTextsCountToo() {
        let text =
            "a: &a \"" + String(repeating: "x", count: 100_000) + "\"\nb: ["
            + Array(repeating: "*a", count: 100).joined(separator: ", ")
            + "]\n"
        #expect(problems(text).map(\.message) == ["aliases expand to more than 4 MiB"])
    }

    @Test(arguments: ["[", "{a: ", "- ", "&a [*a, "]) func depthIsBound(_ opening: String) {
        let found = problems(String(repeating: opening, count: 20_000))
        #expect(found.count == 1)
    }

    @Test func depthThroughAliasesIsBound() {
        var text = "a0: &a0 [x]\n"
        for level in 1...1000 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(problems(text).map(\.message) == ["lists and mappings are nested more than 64 levels deep"])
    }

    @Test func sizeIsBound() {
        let found = problems(String(repeating: "#", count: YAMLReader.sizeLimit + 1))
        #expect(found.map(\.message) == ["the text has 16777217 bytes, expected at most 16777216"])
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func linesAndColumnsCountFromOne(_ lineBreak: String) throws {
        guard case .mapping(let pairs) = try node(["# é", "ä: [1,", "  ö]"].joined(separator: lineBreak)).content,
            case .sequence(let items) = pairs[0].value.content
        else {
            Issue.record("no list")
            return
        }
        #expect(pairs[0].key.location.description == "a:2:1")
        #expect(items.map(\.location.description) == ["a:2:5", "a:3:3"])
    }
}

/// Texts that no one would write: the reader says what is wrong with them, and never falls over.
@Suite struct FuzzTests {
    private static let pieces: [String] = [
        "- ", ": ", "\n", "  ", "\t", "{", "}", "[", "]", "\"", "'", "&a ", "*a", "<<: *a", "!!int ", "!x ", "|\n",
        ">-\n", "# ", "---\n",
        "...\n", "@pkg:a", "%YAML 1.1\n",
        "null", "0644", "-1", "99999999999999999999", "\u{0}", "\u{FEFF}", "\u{2028}", "é", "𝄞", "name: ", "image: ",
        "binds: ", "\\u00",
        "? ", "\r",
    ]

    @Test(arguments: 0..<8) func mutatedFilesAreReadOrTold(_ seed: Int) throws {
        var dice = Numbers(UInt64(seed))
        let texts = try Golden.inputs("specs").map { Array(try Golden.text("specs/\($0).yml").unicodeScalars) }
        var read = 0
        for _ in 0..<30 {
            var scalars = texts.randomElement(using: &dice) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &dice) { mutate(&scalars, &dice) }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let text = String(view)
            let source = SpecReader.Source(name: "fuzz", text: text, folder: "/nowhere")
            do {
                let spec = try SpecReader.read([source]) { _ in "localhost/moby/a:1" }.spec
                #expect(try Reading.spec(spec.yaml).yaml == spec.yaml)
                read += 1
            } catch let error as SpecError {
                #expect(error.diagnostics.contains { $0.severity == .error })
                #expect(!DiagnosticRenderer(sources: ["fuzz": text]).render(error.diagnostics).isEmpty)
            }
        }
        // Neither all good nor all bad, else it tests little.
        #expect(read > 0 && read < 30)
    }

    /// A file cut short anywhere, as an editor or a full disk leaves it.
    @Test func filesCutShortAreReadOrTold() throws {
        let text = try Golden.text("specs/platform-gcp.yml")
        let scalars = text.unicodeScalars
        for length in stride(from: 0, to: scalars.count, by: 17) {
            let start = String(scalars.prefix(length))
            for problem in Reading.problems(start) {
                #expect(problem.location.map { $0.line >= 1 && $0.column >= 1 } ?? true)
            }
        }
    }

    private func mutate(_ scalars: inout [Unicode.Scalar], _ dice: inout Numbers) {
        let place = Int.random(in: 0...scalars.count, using: &dice)
        let end = min(scalars.count, place + Int.random(in: 0...12, using: &dice))
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: scalars.removeSubrange(place..<end)
        case 1: scalars.insert(contentsOf: (Self.pieces.randomElement(using: &dice) ?? "").unicodeScalars, at: place)
        case 2: scalars.insert(contentsOf: scalars[place..<end], at: Int.random(in: 0...scalars.count, using: &dice))
        default:
            scalars.replaceSubrange(place..<end, with: (Self.pieces.randomElement(using: &dice) ?? "").unicodeScalars)
        }
    }
}
