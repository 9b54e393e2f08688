import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// Amazon's server with its tokens, and servers of its style.
struct AmazonTests {
    private static let values = [
        "/latest/meta-data/instance-id": "i-0abc", "/latest/meta-data/hostname": "ip-10-0-0-5.ec2.internal",
        "/latest/meta-data/local-hostname": "ip-10-0-0-5.ec2.internal", "/latest/meta-data/local-ipv4": "10.0.0.5",
        "/latest/meta-data/public-ipv4": "203.0.113.9", "/latest/meta-data/instance-type": "t3.micro",
        "/latest/meta-data/placement/availability-zone": "eu-central-1a",
        "/latest/meta-data/public-keys/": "0=mine\n1=yours",
        "/latest/meta-data/public-keys/0/openssh-key": "ssh-rsa AAAA mine\n",
        "/latest/meta-data/public-keys/1/openssh-key": "ssh-ed25519 BBBB yours\n",
        "/latest/user-data": "#!/bin/sh\necho hi\n",
    ]

    private static func amazon(_ values: [String: String]) throws -> ScriptedServer {
        try ScriptedServer { request in
            if request.method == "PUT", request.target == "/latest/api/token" {
                return request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "300"
                    ? .init(text: "dG9rZW4=") : .init(400, text: "")
            }
            guard request.headers["x-aws-ec2-metadata-token"] == "dG9rZW4=" else { return .init(401, text: "") }
            return values[request.target].map { .init(text: $0) } ?? .init(404, text: "")
        }
    }

    @Test func findsAllValuesWithAToken() throws {
        let server = try Self.amazon(Self.values)
        let result = AmazonMetadata(server: try .scripted(server.host, like: AmazonMetadata.client)).probe()
        let finding = try #require(result.finding)
        #expect(finding.provider == "AWS" && finding.errors == [])
        #expect(finding.hostname == "ip-10-0-0-5.ec2.internal")
        #expect(finding.keys == ["ssh-rsa AAAA mine", "ssh-ed25519 BBBB yours"])
        #expect(finding.userText == "#!/bin/sh\necho hi\n")
        let facts = [
            "public_ipv4", "local_ipv4", "instance_id", "instance_type", "availability_zone", "local_hostname",
        ]
        #expect(
            facts.map { finding.fact($0) } == [
                "203.0.113.9", "10.0.0.5", "i-0abc", "t3.micro", "eu-central-1a", "ip-10-0-0-5.ec2.internal",
            ])
        #expect(server.requests.filter { $0.method == "PUT" }.count == 1)
    }

    @Test func aMachineWithLittleIsFoundAsWell() throws {
        let server = try Self.amazon(["/latest/meta-data/instance-id": "i-1"])
        let result = AmazonMetadata(server: try .scripted(server.host, like: AmazonMetadata.client)).probe()
        #expect(
            result
                == .found(Finding(provider: "AWS", origin: "AWS", facts: [Fact(name: "instance_id", text: "i-1")])))
    }

    @Test func serversWithoutTokensAreNotAmazons() throws {
        let other = try ScriptedMetadata(Self.values)
        let amazon = try other.probe(like: AmazonMetadata.client) { AmazonMetadata(server: $0).probe() }
        #expect(amazon == .absent("not Amazon's metadata server: no token (status 404)"))
        let exoscale = try other.probe(like: AmazonMetadata.client) {
            AmazonMetadata(server: $0, provider: "Exoscale", needsToken: false).probe()
        }
        #expect(exoscale.finding?.provider == "Exoscale" && exoscale.finding?.keys.count == 2)
    }

    /// CloudStack, from which Exoscale comes, lists keys instead of names.
    @Test func keysInTheListAreTaken() throws {
        let server = try ScriptedMetadata([
            "/latest/meta-data/instance-id": "x", "/latest/meta-data/public-keys/": "ssh-rsa AAAA me",
        ])
        let result = try server.probe(like: AmazonMetadata.client) {
            AmazonMetadata(server: $0, provider: "Exoscale", needsToken: false).probe()
        }
        #expect(result.finding?.keys == ["ssh-rsa AAAA me"])
    }

    /// A token that would add header fields of its own.
    @Test func tokensAreOneWord() throws {
        let server = try ScriptedServer { _ in .init(text: "a\r\nX: y") }
        let result = AmazonMetadata(server: try .scripted(server.host, like: AmazonMetadata.client)).probe()
        #expect(result == .absent("not Amazon's metadata server: no token (status 200)"))
    }
}
