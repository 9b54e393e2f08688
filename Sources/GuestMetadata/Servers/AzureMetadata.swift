internal import JSON

/// Microsoft Azure: the "Instance Metadata Service" at 169.254.169.254, and the provisioning CD, which alone has custom
/// data.
struct AzureMetadata {
    let server: MetadataServer
    /// The CD.
    var disks = ConfigDisks(contents: .azure)

    static let client = HTTPClient(
        addresses: NetworkAddress.list("169.254.169.254"), headers: [("Metadata", "true")])
    private static let path = "/metadata/instance?api-version=2021-02-01"

    func probe() -> ProviderResult {
        var finding = Finding(provider: "Azure", origin: "Azure")
        var reasons: [String] = []
        do throws(MetadataError) {
            guard let instance = try server.object(Self.path) else {
                throw MetadataError("not Azure's metadata server")
            }
            guard instance["compute"]?.members != nil else {
                throw MetadataError("'\(Self.path)': expected an object 'compute'")
            }
            fill(&finding, instance)
        } catch {
            reasons.append("\(error)")
        }
        switch disks.probe(until: server.deadline) {
        case .found(let disk):
            finding.complete(with: disk)
            finding.origin = reasons.isEmpty ? "Azure, \(disk.origin)" : disk.origin
            finding.errors += reasons.map { MetadataError($0) }
        case .absent(let reason):
            if !reasons.isEmpty { return .absent((reasons + [reason]).joined(separator: ", ")) }
        }
        return .found(finding)
    }

    private func fill(_ finding: inout Finding, _ instance: JSONValue) {
        let compute = instance["compute"] ?? .null
        finding.hostname = compute["osProfile"]?["computerName"]?.string ?? compute["name"]?.string
        finding.add("instance_id", compute["vmId"]?.string)
        finding.add("instance_type", compute["vmSize"]?.string)
        finding.add("region", compute["location"]?.string)
        finding.add("availability_zone", compute["zone"]?.string)
        let address = instance["network"]?["interface"]?.array?.first?["ipv4"]?["ipAddress"]?.array?.first
        finding.add("public_ipv4", address?["publicIpAddress"]?.string)
        finding.add("local_ipv4", address?["privateIpAddress"]?.string)
        for key in compute["publicKeys"]?.array ?? [] {
            // Long keys are wrapped.
            let words = (key["keyData"]?.string ?? "").filter { $0 != "\r\n" && $0 != "\n" && $0 != "\r" }
            finding.add(keys: [Text.trimmed(words)])
        }
        if let text = compute["userData"]?.string, !text.isEmpty {
            finding.attempt { finding throws(MetadataError) in
                finding.userData = try Base64.decode(text, of: "user data")
            }
        }
    }
}
