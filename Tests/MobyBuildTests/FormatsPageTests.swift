import Foundation
import MobyBuild
import TestSupport
import Testing

/// docs/formats.md has the table that the program has.
struct FormatsPageTests {
    @Test func tableIsThatOfTheProgram() throws {
        let path = "\(Program.root)/docs/formats.md"
        let page = try TestFile.text(path)
        let start = try #require(page.range(of: "| format |")?.lowerBound ?? page.range(of: "FORMATS\n")?.lowerBound)
        let end = try #require(page.range(of: "\n## Disks")?.lowerBound)
        if Program.environment["UPDATE_GOLDEN"] != nil {
            try TestFile.write(page[..<start] + OutputFormat.table + page[end...], to: path)
        }
        #expect(String(page[start..<end]) == OutputFormat.table, "UPDATE_GOLDEN=1 writes docs/formats.md anew")
    }
}
