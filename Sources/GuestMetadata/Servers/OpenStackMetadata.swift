internal import JSON

/// OpenStack's metadata service ("Metadata service"): `/openstack/latest/`, and what only its copy of Amazon's paths
/// has.
struct OpenStackMetadata {
    let server: MetadataServer

    static func client() -> HTTPClient {
        HTTPClient(addresses: NetworkAddress.list("169.254.169.254") + NetworkAddress.onLinks("fe80::a9fe:a9fe"))
    }

    func probe() -> ProviderResult {
        ProviderResult(of: "OpenStack") { finding throws(MetadataError) in
            guard let facts = try server.object("/openstack/latest/meta_data.json"), facts["uuid"]?.string != nil else {
                throw MetadataError("not OpenStack's metadata service")
            }
            let metadata = InstanceMetadata(facts)
            finding.hostname = metadata.hostname ?? facts["name"]?.string
            finding.add(keys: metadata.keys)
            finding.add("instance_id", facts["uuid"]?.string)
            finding.add("availability_zone", facts["availability_zone"]?.string)
            finding.readUserData("/openstack/latest/user_data", of: server)
            finding.add(
                [("public_ipv4", "public-ipv4"), ("local_ipv4", "local-ipv4"), ("instance_type", "instance-type")],
                of: server, below: "/latest/meta-data/")
        }
    }
}
