internal import JSON

/// Vultr's server ("Metadata"): all values in `/v1.json`.
struct VultrMetadata {
    let server: MetadataServer

    static let client = HTTPClient(addresses: NetworkAddress.list("169.254.169.254"))

    func probe() -> ProviderResult {
        ProviderResult(of: "Vultr") { finding throws(MetadataError) in
            guard let facts = try server.object("/v1.json"), facts["instanceid"] != nil else {
                throw MetadataError("not Vultr's metadata server")
            }
            fill(&finding, facts)
            if finding.userData == nil {
                finding.readUserData("/user-data/user-data", of: server)
            }
        }
    }

    private func fill(_ finding: inout Finding, _ facts: JSONValue) {
        finding.hostname = facts["hostname"]?.string
        finding.add("instance_id", facts["instance-v2-id"]?.string ?? facts["instanceid"]?.string)
        finding.add("region_code", facts["region"]?["regioncode"]?.string)
        finding.add(keys: facts["public-keys"]?.keyLines ?? [])
        for (index, interface) in (facts["interfaces"]?.array ?? []).enumerated() {
            let isPublic = interface["network-type"]?.string.map { $0 == "public" } ?? (index == 0)
            let address = interface["ipv4"]?["address"]?.string
            finding.add(isPublic ? "public_ipv4" : "private_ipv4", address)
            if !isPublic { finding.add("private_netmask", interface["ipv4"]?["netmask"]?.string) }
        }
        if let text = facts["user-data"]?.string, !text.isEmpty { finding.userData = Array(text.utf8) }
    }
}
