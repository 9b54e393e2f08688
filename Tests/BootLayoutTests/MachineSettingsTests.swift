import JSON
import Testing

@testable import BootLayout

struct MachineSettingsTests {
    @Test func absentMembersAreTheDefaults() throws {
        #expect(try MachineSettings(parsing: Array("{}".utf8)) == MachineSettings())
        #expect(MachineSettings().isDefault)
    }

    @Test func writtenSettingsAreReadBack() throws {
        var settings = MachineSettings()
        settings.isReadOnly = true
        #expect(!settings.isDefault)
        #expect(try MachineSettings(parsing: Array(settings.text.utf8)) == settings)
    }

    @Test func aWrongTypeIsNamed() {
        #expect(throws: JSONError("'readonly' is a string, not a boolean")) {
            try MachineSettings(parsing: Array(#"{"readonly": "yes"}"#.utf8))
        }
    }
}
