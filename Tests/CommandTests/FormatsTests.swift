import Foundation
import TestSupport
import Testing

/// The list of formats, for people, for programs and in the help.
struct FormatsTests {
    private struct Row: Decodable {
        let name: String
        let aliases: [String]
        let files: [String]
        let firmware: String
        let summary: String
    }

    @Test func listsForPeopleAndProgramsAgree() throws {
        let rows = try JSONDecoder().decode([Row].self, from: Data(Program.moby(["formats", "--json"]).utf8))
        let lines = try Program.moby(["formats", "-v"]).split(separator: "\n").dropFirst()
        #expect(rows.map(\.name) == lines.map { String($0.prefix { $0 != " " }) })
        for (row, line) in zip(rows, lines) {
            #expect(line.hasSuffix("  " + row.summary))
            #expect(row.aliases.isEmpty || line.contains(row.aliases.joined(separator: " ")))
            #expect(line.contains(row.files.joined(separator: " ")))
        }
        #expect(rows.contains { $0.name == "raw-efi" && $0.files == ["X-efi.img"] && $0.firmware == "UEFI" })
        #expect(rows.first { $0.name == "gcp" }?.aliases == ["gcp-img", "gcp-storage"])
        let help = try Program.moby(["build", "--help"]).split { $0 == "\n" || $0 == " " }.joined(separator: " ")
        #expect(help.contains("Formats: " + rows.map(\.name).joined(separator: ", ")))
    }

    /// Without `-v`, all of it fits a terminal of 80 columns.
    @Test func listFitsTheTerminal() throws {
        let result = try Program.run(["formats"])
        let lines = (result.output + result.error).split(separator: "\n")
        #expect(lines.filter { $0.count > 80 } == [])
        let rows = try JSONDecoder().decode([Row].self, from: Data(Program.moby(["formats", "--json"]).utf8))
        for row in rows {
            #expect(lines.contains { $0.hasPrefix(row.name + " ") && $0.hasSuffix("  " + row.summary) })
        }
    }
}
