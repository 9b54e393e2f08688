/// The files on a config disk.
///
/// ```
/// label config-2  openstack/latest/user_data, openstack/latest/meta_data.json
/// any other       user-data, meta-data (NoCloud); without user-data: config, as `moby run --data` writes it
/// ```
///
/// A volume without long names has `USER-DAT`, `USER_DAT` or `USER-D~1` instead of `user-data`.
enum ConfigFiles {
    /// - Returns: nil when there are none.
    static func read(_ root: borrowing Folder, label: String, origin: String) throws(MetadataError) -> Finding? {
        label.lowercased() == "config-2" ? try configDrive(root, origin) : try noCloud(root, origin)
    }

    private static func noCloud(_ root: borrowing Folder, _ origin: String) throws(MetadataError) -> Finding? {
        let (data, facts) = (try read("user-data", in: root), try read("meta-data", in: root))
        if data == nil, facts == nil {
            return try root.read("config").map { Finding(provider: "CDROM", origin: "CDROM \(origin)", userData: $0) }
        }
        let metadata = InstanceMetadata(facts ?? [])
        return Finding(
            provider: "NoCloud", origin: "NoCloud \(origin)", hostname: metadata.hostname, keys: metadata.keys,
            userData: data, errors: metadata.errors)
    }

    /// A file by its name, or by what is left of it in eight characters and three.
    private static func read(_ name: String, in root: borrowing Folder) throws(MetadataError) -> [UInt8]? {
        if let bytes = try root.read(name) { return bytes }
        for short in [String(name.prefix(8)), String(name.prefix(6)) + "~1"] {
            for other in [short, short.uppercased()] {
                for form in [other, String(other.map { $0 == "-" ? "_" : $0 })] {
                    if let bytes = try root.read(form) { return bytes }
                }
            }
        }
        return nil
    }

    private static func configDrive(_ root: borrowing Folder, _ origin: String) throws(MetadataError) -> Finding? {
        guard let openstack = try root.folder("openstack"), let latest = try openstack.folder("latest") else {
            return nil
        }
        let (data, facts) = (try latest.read("user_data"), try latest.read("meta_data.json"))
        if data == nil, facts == nil { return nil }
        let metadata = InstanceMetadata(facts ?? [])
        return Finding(
            provider: "ConfigDrive", origin: "ConfigDrive \(origin)", hostname: metadata.hostname, keys: metadata.keys,
            userData: data, errors: metadata.errors)
    }
}
