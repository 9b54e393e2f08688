import Foundation
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// The keys of files of registries, each through its own example.
@Suite struct RegistriesTableTests {
    static let rows: [TableRow] = KeyTable.registries.description.reachable.flatMap { table in
        table.rows.map { row in
            let rest = others(of: row.name, table.name)
            return switch table.name {
            case "registries": TableRow(table: table.name, row: row, frame: "{%}")
            case "registries.mirrors": TableRow(table: table.name, row: row, frame: "{mirrors: [{%\(rest)}]}")
            default: TableRow(table: table.name, row: row, frame: "{hosts: [{%\(rest)}]}")
            }
        }
    }

    /// What an entry needs in addition to a key.
    private static func others(of name: String, _ table: String) -> String {
        let needed = table == "registries.mirrors" ? ["match", "try"] : ["match"]
        return needed.filter { $0 != name }.map { ", \($0): [a]" }.joined()
            + (["client-certificate": ", client-key: k", "client-key": ", client-certificate: c"][name] ?? "")
    }

    private static func errors(_ text: String) -> [String] {
        do {
            _ = try RegistryFile(parsing: text, file: "/none/registries.yml").rules()
            return []
        } catch { return (error as? SpecError)?.diagnostics.map(\.message) ?? ["\(error)"] }
    }

    @Test(arguments: rows) func exampleIsRead(_ row: TableRow) throws {
        #expect(throws: Never.self) { try RegistryFile(parsing: row.file(row.row.example), file: "registries.yml") }
    }

    @Test(arguments: rows) func misspelledKeyIsReported(_ row: TableRow) {
        let name = String(row.row.name.dropLast()) + "QQ"
        let errors = Self.errors(row.file(row.row.example, key: name))
        #expect(errors.contains { $0.hasPrefix("unknown key '\(name)' ") }, "\(errors)")
    }

    @Test(
        arguments: [
            ("", nil), ("# nothing yet", nil), ("{}", nil),
            ("mirrors: [{match: [docker.io], try: [\"https://m.example/hub\"]}]", nil),
            ("mirrors: [{match: [], try: [\"https://m.example\"]}]", "the rule matches nothing"),
            ("mirrors: [{match: [docker.io], try: []}]", "the rule has no mirrors"),
            (
                "mirrors: [{match: [docker.io], try: [m.example]}]",
                "mirror 'm.example' is not of the form http(s)://host[/path]"
            ),
            (
                "mirrors: [{match: [docker.io], try: [\"https://u:secret@m.example\"]}]",
                "mirror 'https://m.example/' is not"
            ),
            ("mirrors: [{try: [\"https://m.example\"]}]", "has no 'match'"),
            ("hosts: [{match: [a/b]}]", "'a/b' is not a host"),
            ("hosts: [{match: [a], insecure: true, tls: true}]", "'insecure' and 'tls' cannot be combined"),
            ("hosts: [{match: [a], insecure: true, ca: [x]}]", "'insecure' and certificates cannot be combined"),
            ("hosts: [{match: [a], client-key: k}]", "'client-certificate' and 'client-key' require each other"),
            ("hosts: [{match: [a], ca: [corp.pem]}]", "'corp.pem' cannot be used: read '/none/corp.pem'"),
        ] as [(String, String?)])
    func texts(_ text: String, _ message: String?) {
        let errors = Self.errors(text)
        #expect(message.map { wanted in errors.contains { $0.contains(wanted) } } ?? errors.isEmpty, "\(errors)")
        #expect(!errors.contains { $0.contains("secret") })
    }

    @Test func schemaAcceptsWhatTheReaderAccepts() throws {
        let texts = Self.rows.map { $0.file($0.row.example) }
        let wrong = ["{hosts: [{tls: true}]}", "{mirrors: [{match: [a]}]}", "{mirror: []}"]
        let found = try SchemaTests.errors((texts + wrong).map(SchemaTests.document), in: SpecSchema.registries)
        #expect(found.prefix(texts.count).allSatisfy { $0 == 0 }, "\(found)")
        #expect(found.dropFirst(texts.count).allSatisfy { $0 > 0 }, "\(found)")
    }

    @Test func pageIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/registries-spec.md").path
        #expect(try Golden.difference(SpecReference.registries, at: page) == nil)
    }
}
