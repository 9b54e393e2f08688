internal import JSON

/// Equinix Metal's server, `metadata.platformequinix.com`, whose address is public: it is asked only when it is named.
/// Other operators of this protocol (Tinkerbell's "Hegel") answer at their own addresses.
struct EquinixMetadata {
    let server: MetadataServer

    static let client = HTTPClient(
        addresses: NetworkAddress.list("192.80.8.124"), headers: [("Host", "metadata.platformequinix.com")])

    func probe() -> ProviderResult {
        ProviderResult(of: "EquinixMetal") { finding throws(MetadataError) in
            guard let facts = try server.object("/metadata"), facts["id"] != nil, facts["network"] != nil else {
                throw MetadataError("not Equinix Metal's metadata server")
            }
            finding.hostname = facts["hostname"]?.string
            finding.add("instance_id", facts["id"]?.string)
            finding.add("instance_type", facts["plan"]?.string)
            finding.add("region", facts["facility"]?.string)
            finding.add(keys: facts["ssh_keys"]?.keyLines ?? [])
            for isPublic in [true, false] {
                let address = facts["network"]?["addresses"]?.array?.first {
                    $0["address_family"]?.integer == 4 && $0["public"]?.bool == isPublic
                }
                finding.add(isPublic ? "public_ipv4" : "private_ipv4", address?["address"]?.string)
            }
            finding.attempt { finding throws(MetadataError) in
                let userData = try server.value("/userdata") ?? []
                // A script of the boot loader came from there as well.
                if !userData.isEmpty, !userData.starts(with: "#!ipxe".utf8) { finding.userData = userData }
            }
        }
    }
}
