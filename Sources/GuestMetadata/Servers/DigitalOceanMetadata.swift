internal import JSON

/// DigitalOcean's server ("Droplet metadata"): all values in `/metadata/v1.json`.
struct DigitalOceanMetadata {
    let server: MetadataServer

    static let client = HTTPClient(addresses: NetworkAddress.list("169.254.169.254"))

    func probe() -> ProviderResult {
        ProviderResult(of: "DigitalOcean") { finding throws(MetadataError) in
            guard let facts = try server.object("/metadata/v1.json"), let droplet = facts["droplet_id"] else {
                throw MetadataError("not DigitalOcean's metadata server")
            }
            finding.add("id", droplet.string ?? droplet.integer.map { "\($0)" })
            finding.hostname = facts["hostname"]?.string
            finding.add("region", facts["region"]?.string)
            let interfaces = facts["interfaces"] ?? .null
            finding.add("public_ipv4", Self.address(interfaces["public"]))
            finding.add("private_ipv4", Self.address(interfaces["private"]))
            finding.add(keys: facts["public_keys"]?.keyLines ?? [])
            if let text = facts["user_data"]?.string, !text.isEmpty { finding.userData = Array(text.utf8) }
        }
    }

    private static func address(_ interfaces: JSONValue?) -> String? {
        interfaces?.array?.first?["ipv4"]?["ip_address"]?.string
    }
}
