import MobyBuild
import TestSupport
import Testing

struct FormatsPageTests {
    @Test func pageHasTheTableOfTheProgram() throws {
        #expect(try Golden.difference(OutputFormat.table, part: "formats", of: "formats.md") == nil)
    }
}
