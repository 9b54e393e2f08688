internal import GuestYAML

/// An item of `users`.
struct CloudUser: Equatable {
    var name: String
    var number: UInt32?
    var comment = ""
    var home: String?
    var shell: String?
    /// Of the user's own group; nil is a group with the user's name.
    var primaryGroup: String?
    var groups: [String] = []
    /// For shadow(5); nil is a locked password.
    var passwordHash: String?
    var keys: [String] = []
    var hasHome = true
    /// What was skipped.
    private(set) var errors: [MetadataError] = []

    /// Meant for programs that these images do not have; each is reported once.
    private static let idle: Set<String> = [
        "lock_passwd", "lock-passwd", "system", "no_log_init", "no_user_group", "inactive",
    ]

    init(name: String) { self.name = name }

    /// - Returns: nil for `default`, which is root here.
    init?(_ node: YAMLNode) throws(MetadataError) {
        if let text = node.text {
            guard text != "default" else { return nil }
            name = try Self.checked(text, node)
            return
        }
        guard let entries = node.entries, let nameNode = node["name"] else {
            throw node.error("item of 'users', expected a mapping with 'name'")
        }
        name = try Self.checked(try nameNode.required("'name' of a user"), nameNode)
        for entry in entries where entry.key != "name" {
            do throws(MetadataError) { try follow(entry) } catch { errors.append(error) }
        }
        // Unless it is unlocked, a hash is of no use.
        let lock = node["lock_passwd"] ?? node["lock-passwd"]
        if lock?.bool ?? true { passwordHash = nil }
    }

    private mutating func follow(_ entry: YAMLEntry) throws(MetadataError) {
        let (value, subject) = (entry.value, "'\(entry.key)' of user '\(name)'")
        switch entry.key {
        case "uid":
            guard let number = UInt32(try value.required(subject)), number < 65534 else {
                throw value.error("\(subject), expected a number below 65534")
            }
            self.number = number
        case "gecos": comment = try Self.field(value, subject)
        case "homedir": home = try Self.path(value, subject)
        case "shell": shell = try Self.path(value, subject)
        case "primary_group", "primary-group": primaryGroup = try Self.checked(try value.required(subject), value)
        case "groups":
            for text in try value.texts(subject) {
                for word in text.split(separator: ",") { groups.append(try Self.checked(Text.trimmed(word), value)) }
            }
        case "passwd", "hashed_passwd", "hashed-passwd": passwordHash = try Self.field(value, subject)
        case "ssh_authorized_keys", "ssh-authorized-keys": keys += try value.texts(subject)
        case "no_create_home", "no-create-home": hasHome = value.bool != true
        case _ where Self.idle.contains(entry.key): break
        default: throw CloudConfig.unsupported(entry, in: "users.")
        }
    }

    /// A name of a user or group (useradd(8)).
    static func checked(_ text: String, _ node: YAMLNode) throws(MetadataError) -> String {
        let isName = text.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || ["_", "-", "."].contains(scalar)
        }
        guard isName, !text.isEmpty, text.utf8.count <= 32, !text.hasPrefix("-"), !text.hasPrefix(".") else {
            throw node.error("'\(text.prefix(40))', expected a name of lower-case letters, digits, '_' and '-'")
        }
        return text
    }

    /// Text that fits into a field of passwd(5).
    private static func field(_ node: YAMLNode, _ subject: String) throws(MetadataError) -> String {
        let text = try node.required(subject)
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 < 0x20 }) else {
            throw node.error("\(subject), expected text without ':' and line breaks")
        }
        return text
    }

    private static func path(_ node: YAMLNode, _ subject: String) throws(MetadataError) -> String {
        let text = try field(node, subject)
        guard text.hasPrefix("/") else { throw node.error("\(subject), expected an absolute path") }
        return text
    }
}

/// An item of `groups`.
struct CloudGroup: Equatable {
    var name: String
    var members: [String] = []

    /// `[admin, {web: [ada]}]`, a mapping, or names with commas.
    static func list(_ node: YAMLNode) throws(MetadataError) -> [CloudGroup] {
        var groups: [CloudGroup] = []
        if let text = node.text {
            for word in text.split(separator: ",") {
                groups.append(CloudGroup(name: try CloudUser.checked(Text.trimmed(word), node)))
            }
            return groups
        }
        for item in node.items ?? [node] {
            if item.text != nil {
                groups += try list(item)
                continue
            }
            guard let entries = item.entries else { throw item.error("item of 'groups', expected a name or a mapping") }
            for entry in entries {
                let name = try CloudUser.checked(entry.key, item)
                groups.append(CloudGroup(name: name, members: try entry.value.texts("members of group '\(name)'")))
            }
        }
        return groups
    }
}
