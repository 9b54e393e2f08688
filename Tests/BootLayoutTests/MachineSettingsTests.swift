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
        settings.hidesProcesses = true
        settings.watchdog = 30
        settings.network.hostname = "web"
        settings.network.isIPv6Off = true
        settings.network.nameServers = ["10.0.0.1"]
        var link = NetworkSettings.Link(name: "eth0")
        (link.addresses, link.gateways, link.mtu) = (["10.0.0.2/24"], ["10.0.0.1"], 1400)
        var vlan = NetworkSettings.Link(name: "eth0.5")
        vlan.origin = .vlan(link: "eth0", id: 5)
        var bond = NetworkSettings.Link(name: "bond0")
        bond.origin = .bond(links: ["eth1", "eth2"], mode: 4)
        settings.network.links = [link, vlan, bond]
        #expect(!settings.isDefault)
        #expect(try MachineSettings(parsing: Array(settings.text.utf8)) == settings)
    }

    @Test func aWrongTypeIsNamed() {
        #expect(throws: JSONError("'readonly' is a string, not a boolean")) {
            try MachineSettings(parsing: Array(#"{"readonly": "yes"}"#.utf8))
        }
    }
}
