import BootLayout
import JSON
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobySpec

struct UserNamespaceTests {
    private static func configuration(_ yaml: String) throws -> RuntimeConfig {
        try RuntimeConfigTests.configuration("services:\n  - name: web\n    image: nginx\n" + yaml)
    }

    private static func mount(_ destination: String, of config: RuntimeConfig) -> JSONValue? {
        config.config.json["mounts"]?.array?.first { $0["destination"]?.string == destination }
    }

    @Test func aNewOneHasIdsOfItsOwn() throws {
        let config = try Self.configuration("    userns: new\n    net: new\n")
        let mapping = try #require(config.config.json["linux"]?["uidMappings"]?.array?.first)
        #expect(mapping["containerID"]?.integer == 0 && mapping["hostID"]?.integer == 100_000)
        #expect(config.record.userRanges == [.init(containerID: 0, hostID: 100_000, size: 65_536)])
        #expect(config.record.groupRanges == config.record.userRanges)
        #expect(config.record.mounts.last?.options.last == "metacopy=on")
        #expect(Self.mount("/sys", of: config)?["type"]?.string == "sysfs")
    }

    @Test func withTheMachinesNetworkItSeesTheMachinesSys() throws {
        let config = try Self.configuration("    userns: new\n")
        #expect(Self.mount("/sys", of: config)?["source"]?.string == "/sys")
        #expect(config.warnings.isEmpty)
    }

    @Test func itsFilesAreNeverSharedWithTheImage() throws {
        let config = try Self.configuration("    userns: new\n    readonly: true\n")
        #expect(config.record.mounts.map(\.type) == ["tmpfs", "overlay"])
    }

    @Test func equalIdsChangeNoOwners() throws {
        let config = try Self.configuration(
            """
                userns: new
                uidMappings: [{containerID: 0, hostID: 0, size: 10}]
                gidMappings: [{containerID: 0, hostID: 0, size: 10}]
                readonly: true

            """)
        #expect(!config.record.hasOwners)
        #expect(config.record.mounts.map(\.options) == [["bind"]])
    }

    @Test func othersHaveNone() throws {
        let config = try Self.configuration("")
        #expect(config.config.json["linux"]?["uidMappings"] == nil && !config.record.hasOwners)
    }
}
