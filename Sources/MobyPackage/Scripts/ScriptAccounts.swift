/// The users and groups of an image, as lines of passwd(5), group(5) and shadow(5).
struct ScriptAccounts {
    struct NewUser {
        var name: String
        var id: UInt32?
        /// Name or number of an existing group.
        var group: String?
        /// Whether a group of the user's name is created.
        var hasOwnGroup: Bool
        var comment: String
        var home: String
        var shell: String
    }

    private struct User {
        let name: String
        let id: UInt32
        let group: UInt32
        let rest: String
    }

    private struct Group {
        let name: String
        let id: UInt32
        var members: [String]
    }

    private var users: [User]
    private var groups: [Group]
    /// Whether the scripts created something.
    private(set) var hasNew = false

    /// - Parameters: the files that base-passwd installs; without them, there is only root.
    init(passwd: String?, group: String?) {
        users = (passwd ?? "root:x:0:0:root:/root:/bin/sh\n").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
            guard fields.count == 5, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else { return nil }
            return User(name: String(fields[0]), id: id, group: group, rest: String(fields[4]))
        }
        groups = (group ?? "root:x:0:\nnogroup:x:65534:\n").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 4, let id = UInt32(fields[2]) else { return nil }
            return Group(name: String(fields[0]), id: id, members: fields[3].split(separator: ",").map(String.init))
        }
    }

    func userID(_ name: String) -> UInt32? { users.first { $0.name == name }?.id ?? UInt32(name) }
    func groupID(_ name: String) -> UInt32? { groups.first { $0.name == name }?.id ?? UInt32(name) }

    /// The group of a user's line in passwd(5).
    func loginGroup(_ user: String) -> UInt32? { users.first { $0.name == user }?.group }

    /// Numbers of system accounts are 100 to 999 (Debian Policy, 9.2.2); the first free one is taken.
    private func free(_ wanted: UInt32?, _ taken: Set<UInt32>) -> UInt32 {
        wanted ?? (100..<UInt32(60000)).first { !taken.contains($0) } ?? 65533
    }

    /// - Returns: the number of the group.
    @discardableResult
    mutating func addGroup(_ name: String, id: UInt32? = nil) -> UInt32 {
        if let id = groupID(name) { return id }
        hasNew = true
        let id = free(id, Set(groups.map(\.id)).union(users.map(\.id)))
        groups.append(Group(name: name, id: id, members: []))
        return id
    }

    mutating func addUser(_ user: NewUser) {
        guard !users.contains(where: { $0.name == user.name }) else { return }
        hasNew = true
        let existing = user.group.flatMap { groupID($0) }
        let ownGroup = user.hasOwnGroup ? addGroup(user.name, id: user.id) : nil
        let taken = Set(users.map(\.id))
        // A user and its group have one number where they can.
        let wanted = user.id ?? ownGroup.flatMap { taken.contains($0) ? nil : $0 }
        let id = free(wanted, taken.union(groups.map(\.id)))
        let group = existing ?? ownGroup ?? groupID("nogroup") ?? 65534
        users.append(
            User(name: user.name, id: id, group: group, rest: "\(user.comment):\(user.home):\(user.shell)"))
    }

    mutating func addMember(_ user: String, to group: String) {
        addGroup(group)
        for index in groups.indices where groups[index].name == group && !groups[index].members.contains(user) {
            groups[index].members.append(user)
            hasNew = true
        }
    }

    var passwd: String { users.map { "\($0.name):x:\($0.id):\($0.group):\($0.rest)\n" }.joined() }
    var group: String {
        groups.map { "\($0.name):x:\($0.id):\($0.members.joined(separator: ","))\n" }.joined()
    }
    /// Nobody has a password. The day of the last change is fixed, so that images do not depend on the clock.
    var shadow: String { users.map { "\($0.name):*:19000:0:99999:7:::\n" }.joined() }
}
