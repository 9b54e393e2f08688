import Foundation
import TestSupport
import Testing

@testable import MobySpec

/// Tests/BootTests/Images/keys.md lists, for each key of a spec, the machine and the check that show it in effect.
@Suite struct SeenKeysTests {
    struct Row: CustomTestStringConvertible, Sendable {
        /// Table and key.
        let key: String
        /// A spec that has a test file, or the source of a test.
        let place: String
        /// Words of the step, or the name of the test function.
        let check: String

        var testDescription: String { key }
        /// The key without its table.
        var name: String { String(key.split(separator: "#")[1]) }
    }

    private static let list = "Tests/BootTests/Images/keys.md"

    static let rows: [Row] = {
        let text = (try? TestFile.text("\(Program.root)/\(list)")) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            func cell(_ index: Int) -> String {
                index < cells.count ? cells[index].trimmingCharacters(in: ["`"]) : ""
            }
            return Row(key: cell(0), place: cell(1), check: cell(2))
        }
    }()

    @Test func everyKeyIsListedOnce() {
        let keys = KeyTables.all.flatMap { table in
            (table.rows + [table.others].compactMap(\.self)).map { "\(table.name)#\($0.name)" }
        }
        #expect(Self.rows.map(\.key).sorted() == keys.sorted(), "list them in \(Self.list)")
    }

    @Test(arguments: rows) func specHasTheKeyAndTestTheCheck(_ row: Row) throws {
        let text = try TestFile.text("\(Program.root)/\(row.place)")
        #expect(!row.check.isEmpty)
        if row.place.hasSuffix(".swift") {
            #expect(text.contains("func \(row.check)("), "\(row.place) has no test '\(row.check)'")
            return
        }
        // An interface, for example, is called by its own name.
        if row.name != "INTERFACE" {
            let pattern = try Regex(#"(^|[\s{,])"# + NSRegularExpression.escapedPattern(for: row.name) + ":")
            #expect(text.firstMatch(of: pattern.anchorsMatchLineEndings()) != nil, "\(row.place) has no '\(row.name)'")
        }
        let test = try TestFile.text("\(Program.root)/\(row.place.dropLast(".yml".count)).test.yml")
        #expect(test.contains(row.check), "the test of \(row.place) has no step '\(row.check)'")
    }
}
