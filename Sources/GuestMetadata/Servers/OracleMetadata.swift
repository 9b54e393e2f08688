internal import JSON

/// Oracle Cloud's server ("Instance metadata service v2"): requests have to carry a fixed authorization.
struct OracleMetadata {
    let server: MetadataServer

    static let client = HTTPClient(
        addresses: NetworkAddress.list("169.254.169.254", "fd00:c1::a9fe:a9fe"),
        headers: [("Authorization", "Bearer Oracle")])

    func probe() -> ProviderResult {
        ProviderResult(of: "Oracle") { finding throws(MetadataError) in
            guard let facts = try server.object("/opc/v2/instance/"), facts["id"]?.string != nil else {
                throw MetadataError("not Oracle's metadata server")
            }
            fill(&finding, facts)
            finding.attempt { finding throws(MetadataError) in
                let cards = try server.object("/opc/v2/vnics/")
                finding.add("local_ipv4", cards?.array?.first?["privateIp"]?.string)
            }
        }
    }

    private func fill(_ finding: inout Finding, _ facts: JSONValue) {
        finding.hostname = facts["hostname"]?.string
        for (file, key) in [
            ("instance_id", "id"), ("instance_type", "shape"), ("image", "image"), ("region", "canonicalRegionName"),
            ("availability_zone", "availabilityDomain"), ("fault_domain", "faultDomain"),
        ] {
            finding.add(file, facts[key]?.string)
        }
        let metadata = facts["metadata"] ?? .null
        finding.add(keys: Text.lines(metadata["ssh_authorized_keys"]?.string ?? ""))
        if let text = metadata["user_data"]?.string {
            finding.attempt { finding throws(MetadataError) in
                finding.userData = try Base64.decode(text, of: "user data")
            }
        }
    }
}
