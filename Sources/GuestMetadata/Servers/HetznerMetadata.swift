internal import JSON

/// Hetzner Cloud's server ("Server metadata"): a path for each value below `/hetzner/v1/metadata/`.
struct HetznerMetadata {
    let server: MetadataServer

    static func client() -> HTTPClient {
        HTTPClient(addresses: NetworkAddress.list("169.254.169.254") + NetworkAddress.onLinks("fe80::a9fe:a9fe"))
    }

    private static let base = "/hetzner/v1/metadata/"

    func probe() -> ProviderResult {
        ProviderResult(of: "Hetzner") { finding throws(MetadataError) in
            guard let instance = try server.text(Self.base + "instance-id"),
                instance.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else {
                throw MetadataError("not Hetzner's metadata server")
            }
            finding.add("instance_id", instance)
            finding.attempt { finding throws(MetadataError) in
                finding.hostname = try server.text(Self.base + "hostname")
            }
            finding.add(
                [
                    ("public_ipv4", "public-ipv4"), ("local_ipv4", "local-ipv4"), ("region", "region"),
                    ("availability_zone", "availability-zone"),
                ], of: server, below: Self.base)
            finding.attempt { finding throws(MetadataError) in
                // A JSON list.
                guard let bytes = try server.value(Self.base + "public-keys") else { return }
                finding.add(keys: JSONValue.keys(bytes))
            }
            finding.readUserData("/hetzner/v1/userdata", of: server)
        }
    }
}

extension JSONValue {
    /// SSH keys in a JSON list of strings, or else in lines.
    static func keys(_ bytes: [UInt8]) -> [String] {
        if let list = try? JSONValue(parsing: bytes) { return list.keyLines }
        return Text.lines(String(decoding: bytes, as: UTF8.self))
    }

    /// The lines of a string, or of the strings in a list or an object.
    var keyLines: [String] {
        var lines: [String] = []
        let values = array ?? members?.map { $0.value } ?? [self]
        for value in values { lines += Text.lines(value.string ?? "") }
        return lines
    }
}
