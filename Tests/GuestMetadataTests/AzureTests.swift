import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// Azure's metadata service, its CD, and its wire server.
struct AzureTests {
    private static let path = "/metadata/instance?api-version=2021-02-01"
    private static let instance = #"""
        {"compute": {"name": "vm1", "vmId": "5c0f", "vmSize": "Standard_B1s", "location": "westeurope", "zone": "2",
          "osProfile": {"computerName": "web1"}, "userData": "aGVsbG8=",
          "publicKeys": [{"keyData": "ssh-rsa AAAA\r\nBBBB me\r\n", "path": "/home/me/.ssh/authorized_keys"}]},
         "network": {"interface": [{"ipv4": {"ipAddress":
           [{"privateIpAddress": "10.0.0.4", "publicIpAddress": "203.0.113.4"}]}}]}}
        """#

    private static func probe(_ values: [String: String]) throws -> ProviderResult {
        try ScriptedMetadata(values, requiring: ("metadata", "true")).probe(like: AzureMetadata.client) {
            AzureMetadata(server: $0, disks: ConfigDisks(contents: .azure, system: "/nonexistent", timeout: 1)).probe()
        }
    }

    @Test func readsTheInstance() throws {
        let finding = try #require(try Self.probe([Self.path: Self.instance]).finding)
        #expect(finding.provider == "Azure" && finding.hostname == "web1" && finding.errors == [])
        #expect(finding.keys == ["ssh-rsa AAAABBBB me"])
        #expect(finding.userText == "hello")
        #expect(
            ["instance_id", "instance_type", "region", "availability_zone", "public_ipv4", "local_ipv4"].map {
                finding.fact($0)
            } == ["5c0f", "Standard_B1s", "westeurope", "2", "203.0.113.4", "10.0.0.4"])
    }

    @Test func otherServersAreNotAzures() throws {
        #expect(try Self.probe([:]) == .absent("not Azure's metadata server, no config disk"))
        guard case .absent(let reason) = try Self.probe([Self.path: "{"]) else {
            Issue.record("found")
            return
        }
        #expect(reason.contains("invalid JSON"))
    }

    @Test func readsTheEnvironmentOnTheCD() async throws {
        try await withTemporaryDirectory { folder in
            #expect(try AzureEnvironment.read(try Folder(folder), origin: "/dev/sr0") == nil)
            let text = """
                <?xml version="1.0" encoding="utf-8"?>
                <ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1"
                    xmlns:ns1="http://schemas.microsoft.com/windowsazure">
                <ns1:ProvisioningSection><ns1:Version>1.0</ns1:Version><ns1:LinuxProvisioningConfigurationSet>
                <ns1:HostName>web&amp;1</ns1:HostName><ns1:UserName>me</ns1:UserName><ns1:UserPassword />
                <ns1:CustomData>aGVs
                bG8=</ns1:CustomData><ns1:SSH><ns1:PublicKeys><ns1:PublicKey><ns1:Fingerprint>EB0C</ns1:Fingerprint>
                <ns1:Value>ssh-rsa AAAA me</ns1:Value></ns1:PublicKey></ns1:PublicKeys></ns1:SSH>
                </ns1:LinuxProvisioningConfigurationSet></ns1:ProvisioningSection></ns0:Environment>
                """
            try text.write(toFile: folder + "/ovf-env.xml", atomically: true, encoding: .utf8)
            let finding = try AzureEnvironment.read(try Folder(folder), origin: "/dev/sr0")
            #expect(
                finding
                    == Finding(
                        provider: "Azure", origin: "Azure /dev/sr0", hostname: "web&1", keys: ["ssh-rsa AAAA me"],
                        userData: Array("hello".utf8)))
        }
    }

    @Test func reportsThatTheMachineIsReady() throws {
        let state = """
            <GoalState><Version>2012-11-30</Version><Incarnation>3</Incarnation><Container><ContainerId>c-1</ContainerId>
            <RoleInstanceList><RoleInstance><InstanceId>i&lt;1</InstanceId></RoleInstance></RoleInstanceList></Container>
            </GoalState>
            """
        let server = try ScriptedServer { request in
            guard request.headers["x-ms-version"] == "2012-11-30" else { return .init(400, text: "") }
            return .init(text: request.method == "POST" ? "" : state)
        }
        try AzureWireServer(server: try .scripted(server.host, like: AzureWireServer.client)).reportReady()
        #expect(
            server.requests.map { $0.method + $0.target } == [
                "GET/machine/?comp=goalstate", "POST/machine?comp=health",
            ])
        let report = String(decoding: server.requests.last?.body ?? [], as: UTF8.self)
        #expect(report.contains("<GoalStateIncarnation>3</GoalStateIncarnation>"))
        #expect(report.contains("<ContainerId>c-1</ContainerId>") && report.contains("<InstanceId>i&lt;1</InstanceId>"))
        #expect(report.contains("<Health><State>Ready</State></Health>"))
    }

    @Test func aWireServerThatRefusesIsAnError() throws {
        for (get, post) in [("<x/>", 200), ("<Incarnation>1</Incarnation>", 200)] {
            let server = try ScriptedServer { $0.method == "GET" ? .init(text: get) : .init(post, text: "") }
            #expect(throws: MetadataError.self) {
                try AzureWireServer(server: try .scripted(server.host, like: AzureWireServer.client)).reportReady()
            }
        }
    }
}
