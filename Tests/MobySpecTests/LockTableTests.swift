import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// The keys of locks, each through its own example, and what a lock as a whole is checked for.
@Suite struct LockTableTests {
    private static let head = "lock: 1, encoding: e, platforms: [linux/amd64]"
    private static let hex = String(repeating: "0123456789abcdef", count: 4)

    /// Sections with the keys that each entry needs.
    private static let entries = [
        "lock.image": ("images", ["image: a", "manifests: {}"]), "lock.file": ("files", ["source: a"]),
        "lock.spec": ("specs", ["url: a"]),
        "lock.package": ("packages", ["package: a", "platform: linux/amd64", "image: b"]),
    ]

    static let rows: [TableRow] = KeyTable.lock.description.reachable.flatMap { table in
        table.rows.compactMap { row in
            func others(_ keys: [String]) -> String {
                keys.filter { !$0.hasPrefix(row.name + ":") }.map { ", " + $0 }.joined()
            }
            if table.name == "lock" {
                let keys = ["lock: 1", "encoding: e", "platforms: [linux/amd64]"]
                return TableRow(table: table.name, row: row, frame: "{%\(others(keys))}")
            }
            if table.name == "lock.accepted" {
                let entry = "image: a, manifests: {}, accepted: [{%\(others(["rule: a"]))}]"
                return TableRow(table: table.name, row: row, frame: "{\(head), images: [{\(entry)}]}")
            }
            guard let (section, keys) = entries[table.name] else { return nil }
            return TableRow(table: table.name, row: row, frame: "{\(head), \(section): [{%\(others(keys))}]}")
        }
    }

    private static func read(_ text: String) throws -> SpecLock { try LockReader.read(text, file: "a.lock.yml") }

    private static func errors(_ text: String) -> [Diagnostic] {
        do {
            _ = try read(text)
            return []
        } catch { return (error as? SpecError)?.diagnostics ?? [Diagnostic(at: nil, "\(error)")] }
    }

    @Test func everyTableIsTested() {
        #expect(Set(Self.rows.map(\.table)) == Set(KeyTable.lock.description.reachable.map(\.name)))
    }

    @Test(arguments: rows) func exampleIsReadAndWrittenAndReadAgain(_ row: TableRow) throws {
        let text = try Self.read(row.file(row.row.example)).text(of: ["a.yml"])
        #expect(text.contains("\(row.row.name):"), "\(text)")
        #expect(try Self.read(text).text(of: ["a.yml"]) == text)
    }

    @Test(arguments: rows.filter { $0.row.name != "lock" }) func misspelledKeyIsReported(_ row: TableRow) {
        let errors = Self.errors(row.file(row.row.example, key: row.row.name + "Q"))
        #expect(errors.contains { $0.message.hasPrefix("unknown key '\(row.row.name)Q' ") }, "\(errors)")
    }

    @Test(arguments: rows) func wrongTypeIsReported(_ row: TableRow) {
        let errors = Self.errors(row.file("[[{a: b}]]"))
        #expect(errors.contains { $0.message.contains("expected") }, "\(errors)")
    }

    @Test(
        arguments: [
            ("", "the lock is empty"),
            ("lock: 2", "the lock has version '2', expected 1"),
            ("{\(head), files: [{source: a}, {source: a}]}", "duplicate file 'a' (first on line 1)"),
            ("{\(head), images: [{image: a, digest: sha256:12, manifests: {}}]}", "expected 'sha256:' with 64 digits"),
            ("{\(head), images: [{image: a, manifests: {a: \"sha256:\(hex)\"}}]}", "'a' is not a platform"),
            ("{\(head), packages: [{package: a, platform: linux/amd64, image: b, debian: [c 1]}]}", "expected a name"),
        ]) func errorIsNamed(text: String, message: String)
    {
        let errors = Self.errors(text)
        #expect(errors.contains { $0.message.contains(message) }, "\(errors)")
    }

    /// Whatever order its parts were found in.
    @Test func textIsOrdered() throws {
        let lock = try Self.read(
            "{\(Self.head), files: [{source: b}, {source: a}], images: [{image: d, manifests: {}}, {image: c, manifests: {}}]}"
        )
        let text = lock.text(of: ["web.yml"])
        #expect(
            text == """
                # The inputs of web.yml, pinned by 'moby lock'. Commit this file.
                lock: 1
                encoding: e
                platforms:
                  - linux/amd64
                images:
                  - image: c
                    manifests: {}
                  - image: d
                    manifests: {}
                files:
                  - source: a
                  - source: b

                """)
    }

    @Test(
        arguments: [
            ("web.yml", "web.lock.yml"), ("a/web.yaml", "a/web.lock.yml"), ("web", "web.lock.yml"), ("-", nil),
            ("https://u:p@h.test/a/web.yml?x=1", "web.lock.yml"),
        ]) func lockIsNextToItsSpec(spec: String, lock: String?)
    {
        #expect(LockReader.path(of: spec) == lock)
    }

    @Test(
        arguments: [
            ("/a/b", "/a/b/pkg/x", "@pkg:pkg/x"), ("/a/b", "/a/c", "@pkg:../c"), ("/a", "/a", "@pkg:."),
            ("/a/x/x", "/a/x/x/../p", "@pkg:../p"),
        ]) func packageFolderIsRelativeToTheLock(base: String, folder: String, expected: String)
    {
        #expect(PackageTemplate.folder(folder).relative(to: base).description == expected)
        #expect(PackageTemplate.installed("a").relative(to: base).description == "@moby:a")
    }

    @Test func pageIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/lock-spec.md").path
        #expect(try Golden.difference(SpecReference.lock, at: page) == nil)
    }
}
