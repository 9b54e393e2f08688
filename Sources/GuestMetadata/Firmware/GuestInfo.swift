/// VMware's variables `guestinfo.metadata`, `guestinfo.userdata` and `guestinfo.vendordata`, each perhaps with its
/// `.encoding`, `base64` or `gzip+base64` ("DataSource VMware" of cloud-init).
struct GuestInfo {
    var call: VMwareBackdoor.Call = VMwareBackdoor.hardware

    func probe() -> ProviderResult {
        var finding = Finding(provider: "VMWARE", origin: "VMware guestinfo")
        do throws(MetadataError) {
            let metadata = try value("metadata")
            finding.userData = try value("userdata")
            let vendorData = try value("vendordata")
            guard metadata != nil || finding.userData != nil || vendorData != nil else {
                return .absent("no variables guestinfo.metadata and guestinfo.userdata")
            }
            if let metadata {
                let facts = InstanceMetadata(metadata)
                (finding.hostname, finding.errors) = (facts.hostname, facts.errors)
                finding.add(keys: facts.keys)
                finding.facts.append(Fact(name: "metadata", bytes: metadata))
            }
            if let vendorData { finding.facts.append(Fact(name: "vendordata", bytes: vendorData)) }
        } catch {
            return .absent("\(error)")
        }
        return .found(finding)
    }

    private func value(_ name: String) throws(MetadataError) -> [UInt8]? {
        let key = "guestinfo.\(name)"
        guard let bytes = try variable(key) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // cloud-init's way to take a value back from inside the guest.
        guard !["", "---"].contains(Text.trimmed(text)) else { return nil }
        let encoding = try variable("\(key).encoding").map { Text.trimmed($0) } ?? ""
        switch encoding {
        case "": return bytes
        case "base64", "b64": return try Base64.decode(text, of: key)
        case "gzip+base64", "gz+b64": return try Gzip.expanded(try Base64.decode(text, of: key), of: key)
        default: throw MetadataError("\(key).encoding '\(encoding)', expected base64 or gzip+base64")
        }
    }

    private func variable(_ name: String) throws(MetadataError) -> [UInt8]? {
        let reply = try VMwareBackdoor(call: call).exchange("info-get \(name)")
        // `1 VALUE`, or `0 No value found`.
        guard reply.starts(with: "1 ".utf8) else { return nil }
        return Array(reply.dropFirst(2))
    }
}
