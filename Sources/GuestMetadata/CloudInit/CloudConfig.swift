internal import GuestYAML

/// The keys of `#cloud-config` that this program follows ("Cloud config modules"). What it does not know or cannot read
/// is an error with its line, and the rest is followed.
struct CloudConfig: Equatable {
    /// `fqdn`, else `hostname`.
    var hostname: String?
    var managesHosts = false
    var users: [CloudUser] = []
    var groups: [CloudGroup] = []
    var passwords: [CloudPassword] = []
    /// Of root.
    var keys: [String] = []
    var files: [CloudFile] = []
    var mounts: [CloudMount] = []
    var bootCommands: [CloudCommand] = []
    var commands: [CloudCommand] = []
    /// Lines of chrony.conf(5).
    var timeSources: [String] = []
    var timeZone: String?
    private(set) var errors: [MetadataError] = []

    /// What they ask for is the case here anyway, or means nothing here: the root is unpacked at each boot, and logins
    /// need keys.
    private static let idle: Set<String> = [
        "disable_root", "final_message", "growpart", "manage_resolv_conf", "output", "package_reboot_if_required",
        "prefer_fqdn_over_hostname", "preserve_hostname", "resize_rootfs", "ssh_deletekeys", "ssh_genkeytypes",
        "ssh_quiet_keygen", "no_ssh_fingerprints", "datasource", "datasource_list",
    ]

    init(_ bytes: [UInt8]) throws(MetadataError) {
        let root: YAMLNode
        do throws(YAMLError) {
            root = try YAMLSubsetReader.read(bytes)
        } catch {
            throw MetadataError("cloud-config: \(error)")
        }
        if root.isNull { return }
        guard let entries = root.entries else { throw MetadataError("cloud-config: expected a mapping") }
        for entry in entries { read(entry) }
        if let full = root["fqdn"]?.text { hostname = full }
        for index in users.indices where users[index].name == root["user"]?.text { users[index].keys += keys }
    }

    private mutating func add(_ user: CloudUser) {
        users.append(user)
        errors += user.errors
    }

    private mutating func read(_ entry: YAMLEntry) {
        do throws(MetadataError) {
            try follow(entry)
        } catch {
            errors.append(error)
        }
    }

    private mutating func follow(_ entry: YAMLEntry) throws(MetadataError) {
        let value = entry.value
        switch entry.key {
        case "hostname", "fqdn": hostname = try value.required("'\(entry.key)'")
        case "manage_etc_hosts": managesHosts = value.bool ?? (value.text == "localhost")
        case "users":
            try each(value, entry.key) { (node, config) throws(MetadataError) in
                if let user = try CloudUser(node) { config.add(user) }
            }
        // The name of the first user, for whom the keys at the top are.
        case "user": add(CloudUser(name: try CloudUser.checked(try value.required("'user'"), value)))
        case "chpasswd": passwords = try CloudPassword.list(value)
        case "groups": groups = try CloudGroup.list(value)
        case "ssh_authorized_keys": keys += try value.texts("'ssh_authorized_keys'")
        case "write_files":
            try each(value, entry.key) { (node, config) throws(MetadataError) in
                config.files.append(try CloudFile(node))
            }
        case "mounts":
            try each(value, entry.key) { (node, config) throws(MetadataError) in
                if let mount = try CloudMount(node) { config.mounts.append(mount) }
            }
        case "bootcmd": bootCommands += try CloudCommand.list(value, of: entry.key)
        case "runcmd": commands += try CloudCommand.list(value, of: entry.key)
        case "timezone": timeZone = try value.required("'timezone'")
        case "ntp": try readTimeServers(value)
        case "package_update", "package_upgrade", "ssh_pwauth":
            guard value.bool == false || value.isNull else { throw CloudConfig.unsupported(entry) }
        case _ where Self.idle.contains(entry.key): break
        default: throw Self.unsupported(entry)
        }
    }

    static func unsupported(_ entry: YAMLEntry, in parent: String = "") -> MetadataError {
        MetadataError("cloud-config: line \(entry.line): key '\(parent)\(entry.key)' is not supported, skipped")
    }

    /// Calls `body` for each item of a list. What it throws is an error of that item only.
    private mutating func each(
        _ value: YAMLNode, _ key: String, _ body: (YAMLNode, inout CloudConfig) throws(MetadataError) -> Void
    ) throws(MetadataError) {
        if value.isNull { return }
        guard let items = value.items else { throw value.error("'\(key)', expected a list") }
        for item in items {
            do throws(MetadataError) { try body(item, &self) } catch { errors.append(error) }
        }
    }

    private mutating func readTimeServers(_ value: YAMLNode) throws(MetadataError) {
        for entry in value.entries ?? [] {
            switch entry.key {
            case "servers", "pools":
                for name in try entry.value.texts("'ntp.\(entry.key)'") {
                    guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                        throw entry.value.error("'ntp.\(entry.key)', expected names without spaces")
                    }
                    timeSources.append("\(entry.key.dropLast()) \(name) iburst")
                }
            case "enabled", "ntp_client": break
            default: errors.append(Self.unsupported(entry, in: "ntp."))
            }
        }
        if value["enabled"]?.bool == false { timeSources = [] }
    }
}

/// A program or a line of a shell.
enum CloudCommand: Equatable {
    case line(String)
    case arguments([String])

    static func list(_ value: YAMLNode, of key: String) throws(MetadataError) -> [CloudCommand] {
        if value.isNull { return [] }
        guard let items = value.items else { throw value.error("'\(key)', expected a list") }
        var commands: [CloudCommand] = []
        for item in items {
            if item.isNull { continue }
            if let text = item.text {
                commands.append(.line(text))
            } else {
                commands.append(.arguments(try item.texts("item of '\(key)'")))
            }
        }
        return commands
    }

    /// A line of a script.
    var shell: String {
        switch self {
        case .line(let text): text
        case .arguments(let words): words.map { Self.quoted($0) }.joined(separator: " ")
        }
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

extension YAMLNode {
    func error(_ text: String) -> MetadataError { MetadataError("cloud-config: line \(line): \(text)") }

    /// The text of a scalar.
    func required(_ subject: String) throws(MetadataError) -> String {
        guard let text else { throw error("\(subject), expected text") }
        return text
    }

    /// The texts of a list, or one text; null is none.
    func texts(_ subject: String) throws(MetadataError) -> [String] {
        if isNull { return [] }
        if let text { return [text] }
        guard let items else { throw error("\(subject), expected a list of texts") }
        var texts: [String] = []
        for item in items where !item.isNull { texts.append(try item.required(subject)) }
        return texts
    }

    /// Permissions in octal digits.
    func mode(_ subject: String) throws(MetadataError) -> UInt32 {
        let text = try required(subject)
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        guard let mode = UInt32(digits, radix: 8), mode <= 0o7777, digits.utf8.first != UInt8(ascii: "+") else {
            throw error("\(subject) '\(text.prefix(20))', expected octal digits, 7777 at most")
        }
        return mode
    }
}
