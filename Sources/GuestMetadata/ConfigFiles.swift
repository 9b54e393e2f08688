internal import JSON

/// The files on a config disk.
///
/// ```
/// label config-2  openstack/latest/user_data, openstack/latest/meta_data.json
/// any other       user-data, meta-data (NoCloud); without user-data: config, as `moby run --data` writes it
/// ```
enum ConfigFiles {
    /// - Returns: nil when there are none.
    static func read(_ root: borrowing Folder, label: String, origin: String) throws(MetadataError) -> Finding? {
        label.lowercased() == "config-2" ? try configDrive(root, origin) : try noCloud(root, origin)
    }

    private static func noCloud(_ root: borrowing Folder, _ origin: String) throws(MetadataError) -> Finding? {
        let (data, facts) = (try root.read("user-data"), try root.read("meta-data"))
        if data == nil, facts == nil {
            return try root.read("config").map { Finding(provider: "CDROM", origin: "CDROM \(origin)", userData: $0) }
        }
        let metadata = try InstanceMetadata(facts ?? [])
        return Finding(
            provider: "NoCloud", origin: "NoCloud \(origin)", hostname: metadata.hostname, keys: metadata.keys,
            userData: data)
    }

    private static func configDrive(_ root: borrowing Folder, _ origin: String) throws(MetadataError) -> Finding? {
        guard let openstack = try root.folder("openstack"), let latest = try openstack.folder("latest") else {
            return nil
        }
        let (data, facts) = (try latest.read("user_data"), try latest.read("meta_data.json"))
        if data == nil, facts == nil { return nil }
        let metadata = try InstanceMetadata(facts ?? [])
        return Finding(
            provider: "ConfigDrive", origin: "ConfigDrive \(origin)", hostname: metadata.hostname, keys: metadata.keys,
            userData: data)
    }
}
