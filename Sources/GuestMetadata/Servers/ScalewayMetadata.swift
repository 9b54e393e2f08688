internal import JSON

/// Scaleway's server ("Instance metadata"): `/conf?format=json`, and user data, which only a source port below 1024 may
/// read.
struct ScalewayMetadata {
    let server: MetadataServer
    /// Whether user data are read from a source port below 1024.
    var isPrivileged = true

    static let client = HTTPClient(addresses: NetworkAddress.list("169.254.42.42", "fd00:42::42"))

    func probe() -> ProviderResult {
        ProviderResult(of: "Scaleway") { finding throws(MetadataError) in
            guard let facts = try server.object("/conf?format=json"), let id = facts["id"]?.string else {
                throw MetadataError("not Scaleway's metadata server")
            }
            finding.add("instance_id", id)
            fill(&finding, facts)
            finding.readUserData("/user_data/cloud-init", of: server, isPrivileged: isPrivileged)
        }
    }

    private func fill(_ finding: inout Finding, _ facts: JSONValue) {
        finding.hostname = facts["hostname"]?.string ?? facts["name"]?.string
        finding.add("instance_location", facts["location"]?["zone_id"]?.string ?? facts["zone"]?.string)
        finding.add("instance_type", facts["commercial_type"]?.string)
        let address = facts["public_ip"] ?? .null
        finding.add("public_ip", address["address"]?.string ?? facts["public_ips_v4"]?.array?.first?["address"]?.string)
        finding.add("private_ip", facts["private_ip"]?.string)
        for key in facts["ssh_public_keys"]?.array ?? [] {
            finding.add(keys: Text.lines(key["key"]?.string ?? ""))
        }
    }
}
