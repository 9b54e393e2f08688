import TestSupport
import Testing

@testable import MobyBuild

struct FormatsPageTests {
    @Test func pageHasTheTableOfTheProgram() throws {
        #expect(try Golden.difference(Self.table, part: "formats", of: "formats.md") == nil)
    }

    /// The formats that this version makes, as a Markdown table.
    private static var table: String {
        let rows = OutputFormat.all.filter(\.isAvailable).map { format in
            let files = format.fileNames.map { "`\($0)`" }.joined(separator: " ")
            let also =
                format.aliases.isEmpty ? "" : ", of 2017 " + format.aliases.map { "`\($0)`" }.joined(separator: " ")
            return "| `\(format.name)`\(also) | \(files) | \(format.firmware.text) | \(format.summary) |\n"
        }
        return "| format | files of build X | firmware | what it is |\n|---|---|---|---|\n" + rows.joined()
    }
}
