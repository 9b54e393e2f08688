import Foundation
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// The keys of policy files, each through its own example.
@Suite struct PolicyTableTests {
    static let rows: [TableRow] = KeyTable.policy.description.reachable.flatMap { table in
        table.rows.map { row in
            switch table.name {
            case "policy": TableRow(table: table.name, row: row, frame: "{%}")
            case "policy.images": TableRow(table: table.name, row: row, frame: "{images: [{%\(others(of: row.name))}]}")
            default:
                TableRow(
                    table: table.name, row: row,
                    frame: "{images: [{match: [a], keyless: [{%\(others(of: row.name))}]}]}")
            }
        }
    }

    /// What an entry needs in addition to a key.
    private static func others(of name: String) -> String {
        switch name {
        case "match": ", keys: [a]"
        case "keys", "keyless", "accept": ", match: [a]"
        default:
            ["root", "issuer", "identity"].filter { $0 != name }.map { ", \($0): a" }.joined()
        }
    }

    private static func errors(_ text: String) -> [String] {
        do {
            _ = try Policy(parsing: text, file: "policy.yml")
            return []
        } catch { return (error as? SpecError)?.diagnostics.map(\.message) ?? ["\(error)"] }
    }

    @Test(arguments: rows) func exampleIsRead(_ row: TableRow) {
        #expect(Self.errors(row.file(row.row.example)) == [])
    }

    @Test(arguments: rows) func misspelledKeyIsReported(_ row: TableRow) {
        let name = String(row.row.name.dropLast()) + "QQ"
        let errors = Self.errors(row.file(row.row.example, key: name))
        #expect(errors.contains { $0.hasPrefix("unknown key '\(name)' ") }, "\(errors)")
    }

    @Test(arguments: [
        ("", "the policy is empty"),
        ("images: [{match: [a]}]", "the rule does not say who must have signed"),
        ("images: [{match: [a], keys: [k], accept: any}]", "'accept: any' and signers cannot be combined"),
        ("images: [{match: [], accept: any}]", "the rule matches no images"),
        ("images: [{keys: [k]}]", "has no 'match'"),
        ("images: [{match: [a], keyless: [{root: a, issuer: b}]}]", "has no 'identity'"),
        ("images: [{match: [a], accept: all}]", "accept' is 'all', expected 'any'"),
        ("{}", "has no 'images'"),
    ])
    func wrongPolicy(_ text: String, _ message: String) {
        let errors = Self.errors(text)
        #expect(errors.contains { $0.contains(message) }, "\(errors)")
    }

    @Test func schemaAcceptsWhatTheReaderAccepts() throws {
        let texts = Self.rows.map { $0.file($0.row.example) }
        let wrong = ["{}", "{images: [{keys: [a]}]}", "{images: [{match: [a], accept: all}]}", "{image: []}"]
        let found = try SchemaTests.errors((texts + wrong).map(SchemaTests.document), in: SpecSchema.policy)
        #expect(found.prefix(texts.count).allSatisfy { $0 == 0 }, "\(found)")
        #expect(found.dropFirst(texts.count).allSatisfy { $0 > 0 }, "\(found)")
    }

    @Test func pageIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/policy-spec.md").path
        #expect(try Golden.difference(SpecReference.policy, at: page) == nil)
    }
}
