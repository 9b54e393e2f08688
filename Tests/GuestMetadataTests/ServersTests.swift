import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// The other clouds' servers, as their documentation describes them.
struct ServersTests {
    @Test func openStack() throws {
        let server = try ScriptedMetadata([
            "/openstack/latest/meta_data.json":
                #"{"hostname": "web1.novalocal", "name": "web1", "uuid": "u-1", "availability_zone": "nova", "public_keys": {"me": "ssh-rsa AAAA me\n"}}"#,
            "/openstack/latest/user_data": "u", "/latest/meta-data/public-ipv4": "203.0.113.7",
            "/latest/meta-data/local-ipv4": "10.0.0.7", "/latest/meta-data/instance-type": "m1.small",
        ])
        let result = try server.probe(like: OpenStackMetadata.client()) { OpenStackMetadata(server: $0).probe() }
        let finding = try #require(result.finding)
        #expect(finding.provider == "OpenStack" && finding.hostname == "web1.novalocal" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == "u")
        #expect(
            ["instance_id", "availability_zone", "public_ipv4", "local_ipv4", "instance_type"].map { finding.fact($0) }
                == ["u-1", "nova", "203.0.113.7", "10.0.0.7", "m1.small"])
    }

    /// Without the paths that Hetzner withdrew, such as `local-ipv4`.
    @Test(arguments: [#"["ssh-rsa AAAA me", "ssh-ed25519 BBBB"]"#, "ssh-rsa AAAA me\nssh-ed25519 BBBB\n"])
    func hetzner(keys: String) throws {
        let base = "/hetzner/v1/metadata/"
        let server = try ScriptedMetadata([
            base + "instance-id": "42", base + "hostname": "web1", base + "public-ipv4": "203.0.113.8",
            base + "region": "eu-central", base + "availability-zone": "fsn1-dc14", base + "public-keys": keys,
            "/hetzner/v1/userdata": "u",
        ])
        let finding = try #require(
            try server.probe(like: HetznerMetadata.client()) { HetznerMetadata(server: $0).probe() }.finding)
        #expect(finding.provider == "Hetzner" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me", "ssh-ed25519 BBBB"] && finding.userText == "u")
        #expect(finding.fact("instance_id") == "42" && finding.fact("public_ipv4") == "203.0.113.8")
        #expect(finding.fact("local_ipv4") == nil && finding.fact("availability_zone") == "fsn1-dc14")
    }

    @Test func scaleway() throws {
        let server = try ScriptedMetadata([
            "/conf?format=json": #"""
            {"id": "s-1", "hostname": "web1", "commercial_type": "DEV1-S", "location": {"zone_id": "fr-par-1"},
             "public_ip": {"address": "203.0.113.5"}, "private_ip": "10.1.2.3",
             "ssh_public_keys": [{"key": "ssh-rsa AAAA me", "fingerprint": "x"}]}
            """#,
            "/user_data/cloud-init": "u",
        ])
        let finding = try #require(
            try server.probe(like: ScalewayMetadata.client) {
                ScalewayMetadata(server: $0, isPrivileged: false).probe()
            }.finding)
        #expect(finding.provider == "Scaleway" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == "u")
        #expect(
            ["instance_id", "instance_location", "public_ip", "private_ip"].map { finding.fact($0) }
                == ["s-1", "fr-par-1", "203.0.113.5", "10.1.2.3"])
    }

    @Test func vultr() throws {
        let server = try ScriptedMetadata([
            "/v1.json": #"""
            {"instanceid": "1", "instance-v2-id": "v-2", "hostname": "web1", "region": {"regioncode": "AMS"},
             "public-keys": ["ssh-rsa AAAA me"], "interfaces": [
               {"network-type": "public", "ipv4": {"address": "203.0.113.6", "netmask": "255.255.254.0"}},
               {"network-type": "private", "ipv4": {"address": "10.2.0.3", "netmask": "255.255.0.0"}}]}
            """#,
            "/user-data/user-data": "u",
        ])
        let finding = try #require(
            try server.probe(like: VultrMetadata.client) { VultrMetadata(server: $0).probe() }.finding)
        #expect(finding.provider == "Vultr" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == "u")
        #expect(
            ["instance_id", "region_code", "public_ipv4", "private_ipv4", "private_netmask"].map { finding.fact($0) }
                == ["v-2", "AMS", "203.0.113.6", "10.2.0.3", "255.255.0.0"])
    }

    @Test func digitalOcean() throws {
        let server = try ScriptedMetadata([
            "/metadata/v1.json": #"""
            {"droplet_id": 2756294, "hostname": "web1", "region": "nyc3", "user_data": "u",
             "public_keys": ["ssh-rsa AAAA me"], "interfaces": {
               "public": [{"ipv4": {"ip_address": "203.0.113.3"}}], "private": [{"ipv4": {"ip_address": "10.3.0.1"}}]}}
            """#
        ])
        let finding = try #require(
            try server.probe(like: DigitalOceanMetadata.client) { DigitalOceanMetadata(server: $0).probe() }.finding)
        #expect(finding.provider == "DigitalOcean" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == "u")
        #expect(
            ["id", "region", "public_ipv4", "private_ipv4"].map { finding.fact($0) }
                == ["2756294", "nyc3", "203.0.113.3", "10.3.0.1"])
    }

    @Test(arguments: [("u", "u"), ("#!ipxe\nchain x", nil)])
    func equinix(userData: String, kept: String?) throws {
        let server = try ScriptedMetadata(
            [
                "/metadata": #"""
                {"id": "e-1", "hostname": "web1", "plan": "c3", "facility": "am6", "ssh_keys": ["ssh-rsa AAAA me"],
                 "network": {"addresses": [{"address_family": 4, "public": true, "address": "203.0.113.2"},
                   {"address_family": 4, "public": false, "address": "10.4.0.1"}]}}
                """#,
                "/userdata": userData,
            ], requiring: ("host", "metadata.platformequinix.com"))
        let finding = try #require(
            try server.probe(like: EquinixMetadata.client) { EquinixMetadata(server: $0).probe() }.finding)
        #expect(finding.provider == "EquinixMetal" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == kept)
        #expect(finding.fact("public_ipv4") == "203.0.113.2" && finding.fact("private_ipv4") == "10.4.0.1")
    }

    @Test func oracle() throws {
        let server = try ScriptedMetadata(
            [
                "/opc/v2/instance/": #"""
                {"id": "ocid1", "hostname": "web1", "shape": "VM.Standard", "canonicalRegionName": "eu-frankfurt-1",
                 "availabilityDomain": "AD-1", "metadata": {"ssh_authorized_keys": "ssh-rsa AAAA me\n", "user_data": "dQ=="}}
                """#,
                "/opc/v2/vnics/": #"[{"privateIp": "10.5.0.2"}]"#,
            ], requiring: ("authorization", "Bearer Oracle"))
        let finding = try #require(
            try server.probe(like: OracleMetadata.client) { OracleMetadata(server: $0).probe() }.finding)
        #expect(finding.provider == "Oracle" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.userText == "u")
        #expect(
            ["instance_id", "instance_type", "region", "availability_zone", "local_ipv4"].map { finding.fact($0) }
                == ["ocid1", "VM.Standard", "eu-frankfurt-1", "AD-1", "10.5.0.2"])
    }

    private static let probes: [(HTTPClient, @Sendable (MetadataServer) -> ProviderResult)] = [
        (GoogleMetadata.client, { GoogleMetadata(server: $0).probe() }),
        (AmazonMetadata.client, { AmazonMetadata(server: $0).probe() }),
        (OpenStackMetadata.client(), { OpenStackMetadata(server: $0).probe() }),
        (HetznerMetadata.client(), { HetznerMetadata(server: $0).probe() }),
        (ScalewayMetadata.client, { ScalewayMetadata(server: $0, isPrivileged: false).probe() }),
        (VultrMetadata.client, { VultrMetadata(server: $0).probe() }),
        (DigitalOceanMetadata.client, { DigitalOceanMetadata(server: $0).probe() }),
        (EquinixMetadata.client, { EquinixMetadata(server: $0).probe() }),
        (OracleMetadata.client, { OracleMetadata(server: $0).probe() }),
    ]

    /// A server that answers every request with the same, as a network with a login page does.
    @Test(arguments: ["", "<html>", "{}", "[]", "null", "{\"id\": 7}", "\u{0}"])
    func nonsenseIsNoMetadata(body: String) throws {
        for status in [404, 200] {
            let server = try ScriptedServer { _ in .init(status, text: body) }
            for (client, probe) in Self.probes {
                #expect(probe(try .scripted(server.host, like: client)).finding == nil)
            }
        }
    }

    /// A server whose answers stop in the middle costs one time out.
    @Test func aServerThatHangsIsAbsent() throws {
        let server = try ScriptedServer { _ in
            var response = ScriptedServer.Response(body: Array("{".utf8), length: 100)
            response.isHeld = true
            return response
        }
        for (client, probe) in Self.probes {
            #expect(probe(try .scripted(server.host, like: client, 50)) == .absent("no answer from 127.0.0.1"))
        }
    }
}
