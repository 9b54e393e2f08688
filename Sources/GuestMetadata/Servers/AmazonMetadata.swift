/// The metadata server of Amazon EC2, below `/latest/` ("Instance Metadata Service Version 2"): a token is requested
/// first and sent with each request. Servers of its style, as Exoscale has, know no tokens.
struct AmazonMetadata {
    let server: MetadataServer
    /// As `/run/config/provider` has it.
    var provider = "AWS"
    /// Whether the server is another one when it gives no tokens.
    var needsToken = true

    static let client = HTTPClient(addresses: NetworkAddress.list("169.254.169.254", "fd00:ec2::254"))
    private static let base = "/latest/meta-data/"

    func probe() -> ProviderResult {
        ProviderResult(of: provider) { finding throws(MetadataError) in
            if needsToken { try takeToken() }
            guard let instance = try server.text(Self.base + "instance-id"), isInstance(instance) else {
                throw MetadataError("the server at this address has no '\(Self.base)instance-id'")
            }
            finding.add("instance_id", instance)
            fill(&finding)
        }
    }

    /// Networks with a login page answer any request.
    private func isInstance(_ name: String) -> Bool {
        needsToken ? name.hasPrefix("i-") : name.utf8.allSatisfy { (0x2D...0x7A).contains($0) && $0 != 0x3C }
    }

    private func takeToken() throws(MetadataError) {
        let answer = try server.answer(
            MetadataRequest(
                method: "PUT", path: "/latest/api/token",
                headers: [("X-aws-ec2-metadata-token-ttl-seconds", "300")]))
        let token = Text.trimmed(answer.body)
        guard answer.status == 200, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw MetadataError("not Amazon's metadata server: no token (status \(answer.status))")
        }
        server.add(header: "X-aws-ec2-metadata-token", token)
    }

    private func fill(_ finding: inout Finding) {
        finding.attempt { finding throws(MetadataError) in
            let local = try server.text(Self.base + "local-hostname")
            finding.add("local_hostname", local)
            finding.hostname = try server.text(Self.base + "hostname") ?? local
        }
        finding.add(
            [
                ("public_ipv4", "public-ipv4"), ("local_ipv4", "local-ipv4"),
                ("availability_zone", "placement/availability-zone"), ("instance_type", "instance-type"),
            ], of: server, below: Self.base)
        finding.attempt { finding throws(MetadataError) in finding.add(keys: try keys()) }
        finding.readUserData("/latest/user-data", of: server)
    }

    /// `public-keys/` lists `0=NAME`, and `public-keys/0/openssh-key` is the key. Servers of this style list keys.
    private func keys() throws(MetadataError) -> [String] {
        var keys: [String] = []
        for line in Text.lines(try server.text(Self.base + "public-keys/") ?? "").prefix(100) {
            if let mark = line.firstIndex(of: "="), let index = UInt(line[..<mark]) {
                keys += Text.lines(try server.text(Self.base + "public-keys/\(index)/openssh-key") ?? "")
            } else if line.contains(" ") {
                keys.append(line)
            }
        }
        return keys
    }
}
