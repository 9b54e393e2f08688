internal import GuestYAML

/// An item of `write_files`.
struct CloudFile: Equatable {
    var path: String
    var bytes: [UInt8] = []
    var mode: UInt32 = 0o644
    /// `USER` or `USER:GROUP`.
    var owner: String?
    var appends = false

    init(_ node: YAMLNode) throws(MetadataError) {
        guard let entries = node.entries, let text = node["path"]?.text else {
            throw node.error("item of 'write_files', expected a mapping with 'path'")
        }
        guard text.hasPrefix("/"), !text.utf8.contains(0), !text.split(separator: "/").contains("..") else {
            throw node.error("'path' '\(text.prefix(80))', expected an absolute path without '..'")
        }
        path = text
        for entry in entries {
            let subject = "'\(entry.key)' of '\(path)'"
            switch entry.key {
            case "path", "encoding", "defer": break
            case "content":
                let text = entry.value.isNull ? "" : try entry.value.required(subject)
                bytes = try Self.decoded(text, node, of: path)
            case "permissions": mode = try entry.value.mode(subject)
            case "owner": owner = try entry.value.required(subject)
            case "append": appends = entry.value.bool == true
            default: throw CloudConfig.unsupported(entry, in: "write_files.")
            }
        }
    }

    private static func decoded(_ text: String, _ node: YAMLNode, of path: String) throws(MetadataError)
        -> [UInt8]
    {
        let subject = "'content' of '\(path)'"
        switch node["encoding"]?.text?.lowercased() ?? "text/plain" {
        case "text/plain": return Array(text.utf8)
        case "b64", "base64": return try Base64.decode(text, of: subject)
        case "gz+b64", "gz+base64", "gzip+b64", "gzip+base64":
            let packed = try Base64.decode(text, of: subject)
            guard Gzip.isGzip(packed) else { throw node.error("\(subject): not gzip data") }
            return try Gzip.expanded(packed, of: subject)
        case let other:
            throw node.error("\(subject): encoding '\(other)', expected b64 or gz+b64")
        }
    }
}

/// An item of `mounts`: `[DEVICE, PATH, TYPE, OPTIONS, …]`.
struct CloudMount: Equatable {
    var device: String
    var path: String
    var type: String
    var options: [String]

    /// - Returns: nil for `[DEVICE, null]`, which means no mount.
    init?(_ node: YAMLNode) throws(MetadataError) {
        guard let items = node.items, let device = items.first?.text else {
            throw node.error("item of 'mounts', expected a list of device, path, type and options")
        }
        guard items.count > 1, let path = items[1].text else { return nil }
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw node.error("mount of '\(device)': '\(path.prefix(80))', expected an absolute path")
        }
        (self.device, self.path) = (device, path)
        type = items.count > 2 ? items[2].text ?? "auto" : "auto"
        let words = items.count > 3 ? items[3].text ?? "defaults" : "defaults"
        options = words.split(separator: ",").map { String($0) }
    }
}
