import TestSupport
import Testing

@testable import GuestMetadata

/// User data as trees of files, sound and hostile.
struct ConfigTreeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        /// Paths with modes; folders end in a slash.
        var paths: [String] = []
        /// A part of each error.
        var errors: [String] = []

        var testDescription: String { String(text.prefix(60)) }
    }

    @Test(arguments: [
        Row(text: "{}"),
        Row(text: " \n{\"a\": {\"content\": \"x\"}}", paths: ["a 644"]),
        Row(text: #"{"a": {"content": "x", "perm": "0600"}}"#, paths: ["a 600"]),
        Row(text: #"{"a": {"content": "", "perm": null}}"#, paths: ["a 644"]),
        Row(text: #"{"d": {"perm": "700", "entries": {"b": {"content": "x"}}}}"#, paths: ["d/ 700", "d/b 644"]),
        Row(text: #"{"d": {"entries": {"e": {"entries": {}}}}}"#, paths: ["d/ 755", "d/e/ 755"]),
        // The layout of 2017.
        Row(
            text: #"{"ssh": {"c": {"perm": "0600", "content": "x"}}, "f": {"g": "y"}}"#,
            paths: ["ssh/ 755", "ssh/c 600", "f/ 755", "f/g 644"]),
        Row(
            text: #"{"..": {"content": "x"}, "b": "y"}"#, paths: ["b 644"],
            errors: ["'..', expected a single file name"]),
        Row(
            text: #"{"d": {"entries": {"../../etc/passwd": {"content": "x"}}}}"#, paths: ["d/ 755"],
            errors: ["'d/../../etc/passwd'"]),
        Row(text: #"{"/etc/passwd": "x", "": "y", ".": "z"}"#, errors: ["/etc/passwd", "''", "'.'"]),
        Row(text: #"{"a\u0000b": "x"}"#, errors: ["single file name"]),
        Row(
            text: #"{"a": 1, "b": [], "c": null, "d": true}"#,
            errors: ["'a', expected", "'b', expected", "'c', expected", "'d', expected"]),
        Row(text: #"{"a": {"content": "x", "entries": {}}}"#, errors: ["either 'content'"]),
        Row(text: #"{"a": {"content": 7}}"#, errors: ["either 'content'"]),
        Row(text: #"{"a": {"perm": "0644"}}"#, errors: ["either 'content'"]),
        Row(text: #"{"a": {"content": "x", "perm": "0888"}}"#, errors: ["'perm' of 'a'"]),
        Row(text: #"{"a": {"content": "x", "perm": "4755"}}"#, errors: ["0777 at most"]),
        Row(text: #"{"a": {"content": "x", "perm": "+644"}}"#, errors: ["'perm' of 'a'"]),
        Row(text: #"{"a": {"content": "x", "perm": 420}}"#, errors: ["'perm' of 'a'"]),
        Row(text: #"{"a": "#, errors: ["invalid JSON"]),
        Row(text: "{\"a\": \"\u{1}\"}", errors: ["control character"]),
    ])
    func reads(row: Row) throws {
        let tree = try #require(ConfigTree(Array(row.text.utf8)))
        #expect(Self.paths(tree.entries) == row.paths)
        #expect(tree.errors.count == row.errors.count, "\(tree.errors)")
        for (problem, part) in zip(tree.errors, row.errors) {
            #expect(problem.description.contains(part), "\(problem)")
        }
    }

    @Test(arguments: ["", "#cloud-config\nhostname: x\n", "#!/bin/sh\n", "[1]", "hello {", "\u{1F}\u{8B}"])
    func otherDataAreForOthers(text: String) { #expect(ConfigTree(Array(text.utf8)) == nil) }

    @Test func deepNestingEndsAtTheReader() throws {
        for depth in [40, 100_000] {
            let text = String(repeating: #"{"a":"#, count: depth) + "\"x\"" + String(repeating: "}", count: depth)
            let tree = try #require(ConfigTree(Array(text.utf8)))
            #expect(tree.errors.isEmpty == (depth == 40))
            #expect(tree.entries.isEmpty == (depth != 40))
        }
    }

    @Test func tooManyEntriesAreLeftOutWithOneError() throws {
        let members = (0..<ConfigTree.mostEntries + 500).map { "\"f\($0)\": \"\"" }
        let tree = try #require(ConfigTree(Array("{\(members.joined(separator: ","))}".utf8)))
        #expect(tree.entries.count == ConfigTree.mostEntries)
        #expect(tree.errors.count == 1)
    }

    /// Any bytes: an answer, never a trap.
    @Test func survivesDamage() {
        let sound = Array(
            #"{"ssh": {"perm": "0700", "entries": {"k": {"content": "x\u00e9", "perm": "0600"}}}, "b": "c"}"#.utf8)
        var numbers = Numbers(79)
        for _ in 0..<20_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                bytes[.random(in: 0..<bytes.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
            }
            guard let tree = ConfigTree(bytes) else { continue }
            for path in Self.paths(tree.entries) { #expect(!path.hasPrefix("/") && !path.contains("../")) }
        }
    }

    private static func paths(_ entries: [ConfigEntry], in folder: String = "") -> [String] {
        entries.flatMap { entry in
            let mode = String(entry.mode, radix: 8)
            switch entry.content {
            case .file: return ["\(folder)\(entry.name) \(mode)"]
            case .folder(let inner):
                return ["\(folder)\(entry.name)/ \(mode)"] + paths(inner, in: "\(folder)\(entry.name)/")
            }
        }
    }
}
