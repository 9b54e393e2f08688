/// Words of NoCloud in a serial number or on the kernel command line:
///
/// ```
/// ds=nocloud;h=web1;s=http://10.0.2.2:8000/web1/      or ds=nocloud-net
/// ```
///
/// `h` or `local-hostname` names the machine; below `s` or `seedfrom` are `user-data` and `meta-data`. The server is an
/// address.
struct NoCloudSeed: Equatable {
    private(set) var hostname: String?
    private(set) var source: String?

    /// Returns nil for a text without a `ds=nocloud` word.
    init?(_ text: String) {
        guard let word = text.split(whereSeparator: { $0.isWhitespace }).first(where: { Self.isSeed($0) }) else {
            return nil
        }
        for field in word.split(separator: ";").dropFirst() {
            guard let mark = field.firstIndex(of: "=") else { continue }
            let value = String(field[field.index(after: mark)...])
            switch field[..<mark] {
            case "h", "local-hostname": hostname = value
            case "s", "seedfrom": source = value
            default: break
            }
        }
    }

    private static func isSeed(_ word: Substring) -> Bool {
        let first = word.prefix { $0 != ";" }.lowercased()
        return first == "ds=nocloud" || first == "ds=nocloud-net"
    }

    /// - Parameter origin: for the log.
    func finding(origin: String, until deadline: ProviderDeadline) -> Finding {
        var finding = Finding(provider: "NoCloud", origin: "NoCloud \(origin)", hostname: hostname)
        guard let source else { return finding }
        finding.attempt { finding throws(MetadataError) in
            guard let base = HTTPBase(source) else {
                throw MetadataError("seed '\(source)': expected http://ADDRESS/…, with an address instead of a name")
            }
            let server = MetadataServer(base.client, until: deadline)
            let metadata = InstanceMetadata(try server.value(base.path + "meta-data") ?? [])
            finding.hostname = finding.hostname ?? metadata.hostname
            finding.add(keys: metadata.keys)
            finding.errors += metadata.errors
            finding.userData = try server.value(base.path + "user-data")
        }
        return finding
    }
}

/// `http://ADDRESS[:PORT]/PATH`.
struct HTTPBase {
    let client: HTTPClient
    /// With a slash at its start.
    let path: String

    init?(_ url: String) {
        guard url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst("http://".count)
        let host = rest.prefix { $0 != "/" }
        path = rest.dropFirst(host.count).isEmpty ? "/" : String(rest.dropFirst(host.count))
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        var (name, port) = (host, UInt16(80))
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]"),
            host.hasPrefix("[") || host.firstIndex(of: ":") == colon
        {
            guard let number = UInt16(host[host.index(after: colon)...]) else { return nil }
            (name, port) = (host[..<colon], number)
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        guard let address = NetworkAddress(String(name)) else { return nil }
        client = HTTPClient(addresses: [address], port: port)
    }
}
