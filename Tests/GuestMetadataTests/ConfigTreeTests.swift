import Testing

@testable import GuestMetadata

/// User data as trees of files, sound and hostile.
struct ConfigTreeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        /// Paths with modes; folders end in a slash.
        var paths: [String] = []
        /// A part of each fault.
        var faults: [String] = []

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
            faults: ["'..', expected a single file name"]),
        Row(
            text: #"{"d": {"entries": {"../../etc/passwd": {"content": "x"}}}}"#, paths: ["d/ 755"],
            faults: ["'d/../../etc/passwd'"]),
        Row(text: #"{"/etc/passwd": "x", "": "y", ".": "z"}"#, faults: ["/etc/passwd", "''", "'.'"]),
        Row(text: #"{"a\u0000b": "x"}"#, faults: ["single file name"]),
        Row(
            text: #"{"a": 1, "b": [], "c": null, "d": true}"#,
            faults: ["'a', expected", "'b', expected", "'c', expected", "'d', expected"]),
        Row(text: #"{"a": {"content": "x", "entries": {}}}"#, faults: ["either 'content'"]),
        Row(text: #"{"a": {"content": 7}}"#, faults: ["either 'content'"]),
        Row(text: #"{"a": {"perm": "0644"}}"#, faults: ["either 'content'"]),
        Row(text: #"{"a": {"content": "x", "perm": "0888"}}"#, faults: ["'perm' of 'a'"]),
        Row(text: #"{"a": {"content": "x", "perm": "4755"}}"#, faults: ["0777 at most"]),
        Row(text: #"{"a": {"content": "x", "perm": "+644"}}"#, faults: ["'perm' of 'a'"]),
        Row(text: #"{"a": {"content": "x", "perm": 420}}"#, faults: ["'perm' of 'a'"]),
        Row(text: #"{"a": "#, faults: ["begin as JSON and are none"]),
        Row(text: "{\"a\": \"\u{1}\"}", faults: ["control character"]),
    ])
    func reads(row: Row) throws {
        let tree = try #require(ConfigTree(Array(row.text.utf8)))
        #expect(Self.paths(tree.entries) == row.paths)
        #expect(tree.faults.count == row.faults.count, "\(tree.faults)")
        for (fault, part) in zip(tree.faults, row.faults) { #expect(fault.description.contains(part), "\(fault)") }
    }

    @Test(arguments: ["", "#cloud-config\nhostname: x\n", "#!/bin/sh\n", "[1]", "hello {", "\u{1F}\u{8B}"])
    func otherDataAreForOthers(text: String) { #expect(ConfigTree(Array(text.utf8)) == nil) }

    @Test func deepNestingEndsAtTheReader() throws {
        for depth in [40, 100_000] {
            let text = String(repeating: #"{"a":"#, count: depth) + "\"x\"" + String(repeating: "}", count: depth)
            let tree = try #require(ConfigTree(Array(text.utf8)))
            #expect(tree.faults.isEmpty == (depth == 40))
            #expect(tree.entries.isEmpty == (depth != 40))
        }
    }

    @Test func tooManyEntriesAreLeftOutWithOneFault() throws {
        let members = (0..<ConfigTree.mostEntries + 500).map { "\"f\($0)\": \"\"" }
        let tree = try #require(ConfigTree(Array("{\(members.joined(separator: ","))}".utf8)))
        #expect(tree.entries.count == ConfigTree.mostEntries)
        #expect(tree.faults.count == 1)
    }

    /// Any bytes: an answer, never a trap.
    @Test func survivesDamage() {
        let sound = Array(
            #"{"ssh": {"perm": "0700", "entries": {"k": {"content": "x\u00e9", "perm": "0600"}}}, "b": "c"}"#.utf8)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255)
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
