import JSON
import TestSupport
import Testing

@testable import MobySpec

struct NetworkTests {
    private static func network(_ text: String) throws -> NetworkSpec {
        try #require(try Reading.spec("network:\n" + text).network)
    }

    @Test func readsInterfacesOfAllKinds() throws {
        let network = try Self.network(
            """
              hostname: web1
              ipv6: no
              eth0: {address: 10.0.0.2/24, gateway: 10.0.0.1, dns: [10.0.0.1, "fe80::1"], mtu: 1400}
              eth0.5: {vlan: {link: eth0, id: 5}, address: [10.5.0.2/24, "2001:db8::2/64"]}
              bond0: {bond: {links: [eth1, eth2], mode: 802.3ad}}
            """)
        #expect(network.hostname == "web1" && network.ipv6 == false)
        #expect(network.links.map(\.name) == ["eth0", "eth0.5", "bond0"])
        #expect(network["eth0"]?.addresses.map(\.text) == ["10.0.0.2/24"])
        #expect(network["eth0"]?.nameServers.map(\.text) == ["10.0.0.1", "fe80::1"])
        #expect(network["eth0.5"]?.vlan?.id == 5 && network["eth0.5"]?.addresses.count == 2)
        #expect(network["bond0"]?.bond?.mode == .lacp)
    }

    @Test func dhcpAddsTheContainersThatDoIt() throws {
        let spec = try Reading.spec("network: {eth0: dhcp, eth1: {dhcp: yes}, eth2: {mtu: 9000}}\nonboot: []\n")
        #expect(spec.onboot.map(\.name) == ["dhcpcd"] && spec.services.map(\.name) == ["dhcpcd"])
        #expect(spec.onboot[0].image.value == "localhost/moby/dhcpcd:1")
        #expect(spec.onboot[0].options.command?.suffix(3) == ["-1", "eth0", "eth1"])
        #expect(spec.services[0].options.command?.suffix(2) == ["eth0", "eth1"])
        #expect(spec.onboot[0].location.line == 1)
    }

    @Test func aContainerOfTheSpecTakesTheirPlace() throws {
        let spec = try Reading.spec("network: {eth0: dhcp}\nonboot: [{name: dhcpcd, image: \"own:1\"}]\n")
        #expect(spec.onboot.map(\.image.value) == ["own:1"] && spec.services.isEmpty)
    }

    @Test(arguments: [
        ("eth0: 10.0.0.2/24", "'network.eth0' is the string '10.0.0.2/24', expected 'dhcp' or a mapping"),
        ("wan: 10.0.0.2/24", "'network.wan' is the string '10.0.0.2/24', expected 'dhcp' or a mapping"),
        ("hostnme: web", "unknown key 'hostnme' in network"), ("ipv: false", "unknown key 'ipv' in network"),
        ("eth0: {address: 10.0.0.2}", "'network.eth0.address' is '10.0.0.2', without the length of its network"),
        (
            "eth0: {address: 10.0.0.2/255.255.255.0}",
            "'network.eth0.address' is '10.0.0.2/255.255.255.0', expected a length from 0 to 32 after the slash"
        ),
        ("eth0: {address: web/24}", "is 'web/24', expected an IP address with the length of its network"),
        ("eth0: {gateway: 10.0.0.1/24}", "'network.eth0.gateway' is '10.0.0.1/24', expected an IP address"),
        ("eth0: {dhcp: true, address: 10.0.0.2/24}", "'network.eth0' has 'dhcp' and settings that DHCP makes"),
        ("eth0: {vlan: {link: eth1, id: 4095}}", "'network.eth0.vlan.id' is the number 4095, expected 1 to 4094"),
        ("eth0: {vlan: {id: 5}}", "'network.eth0.vlan' has no 'link'"),
        ("averyveryverylongname: dhcp", "has 21 bytes, more than the 15 of an interface's name"),
        ("eth/0: dhcp", "interface 'eth/0' is not a valid name of an interface"),
        ("hostname: -web", "'network.hostname' is '-web', expected a host name"),
        ("eth0: {adress: 10.0.0.2/24}", "unknown key 'adress' in 'network.eth0'"),
    ])
    func mistakesAreNamed(_ text: String, _ message: String) {
        let problems = Reading.problems("network:\n  \(text)\n").map(\.message)
        #expect(problems.count == 1 && problems[0].contains(message), "\(problems)")
    }

    @Test func aGatewayThatNothingLeadsToIsAWarning() {
        let warnings = Reading.diagnostics("network: {eth0: {address: 10.0.0.2/24, gateway: 10.1.0.1}}\n")
        #expect(warnings.map(\.severity) == [.warning])
        #expect(warnings[0].message.contains("gateway 10.1.0.1"))
        for fine in [
            "{address: 10.0.0.2/32, gateway: 10.1.0.1}", "{address: \"2001:db8::2/64\", gateway: \"fe80::1\"}",
        ] {
            #expect(Reading.diagnostics("network: {eth0: \(fine)}\n").isEmpty)
        }
    }

    @Test func laterFilesReplaceInterfaces() throws {
        var spec = try Reading.spec("network: {hostname: a, eth0: {address: 10.0.0.2/24}, eth1: {mtu: 1400}}\n")
        spec.merge(try Reading.spec("network: {eth0: {address: 10.9.0.2/24}}\n"))
        #expect(spec.network?.hostname == "a" && spec.network?.links.count == 2)
        #expect(spec.network?["eth0"]?.addresses.map(\.text) == ["10.9.0.2/24"])
    }

    @Test func writesWhatItReads() throws {
        let text = "{\"hostname\":\"a\",\"eth0\":{\"address\":\"10.0.0.2/24\",\"mtu\":1400}}"
        let network = try #require(try Reading.spec("network: \(text)").network)
        #expect(Codec<NetworkSpec>.network.write(network).text(indent: 0) == text)
    }

    @Test func timeServersAreChronys() throws {
        let spec = try Reading.spec("time: [a.example.org, 10.0.0.1]\n")
        #expect(spec.services.map(\.name) == ["chrony"])
        #expect(
            spec.services[0].options.command?.suffix(2) == ["server a.example.org iburst", "server 10.0.0.1 iburst"])
        #expect(try Reading.spec("time: []\n").services.isEmpty)
        #expect(Reading.problems("time: [\"a b\"]\n").count == 1)
    }

    @Test(arguments: [("30s", 30), ("30", 30), ("2m", 120)])
    func watchdogIsATime(_ text: String, _ seconds: Int) throws {
        #expect(try Reading.spec("watchdog: \(text)\n").watchdog == seconds)
    }

    @Test(arguments: ["1s", "1h", "soon"])
    func otherTimesAreErrors(_ text: String) { #expect(Reading.problems("watchdog: \(text)\n").count == 1) }

    @Test(arguments: [("64m", true), ("25%", true), ("1048576", true), ("101%", false), ("1", false), ("64MB", false)])
    func rootsHaveASize(_ text: String, _ isValid: Bool) {
        let yaml = "services: [{name: a, image: \"a:1\", size: \(text)}]\n"
        #expect(Reading.problems(yaml).isEmpty == isValid)
    }
}
