/// The users and groups of `/etc/passwd`, `/etc/group` and `/etc/shadow` (passwd(5), group(5), shadow(5)). Lines that
/// are not understood are kept.
struct GuestAccounts {
    private var users: [[String]]
    private var groups: [[String]]
    private var shadows: [[String]]

    private static let (passwd, group, shadow) = ("/etc/passwd", "/etc/group", "/etc/shadow")

    /// Files that do not exist have root alone.
    init(_ root: MachineRoot) throws(MetadataError) {
        users = try Self.lines(of: Self.passwd, in: root) ?? [["root", "x", "0", "0", "root", "/root", "/bin/sh"]]
        groups = try Self.lines(of: Self.group, in: root) ?? [["root", "x", "0", ""]]
        shadows = try Self.lines(of: Self.shadow, in: root) ?? [["root", "*", "19000", "0", "99999", "7", "", "", ""]]
    }

    private static func lines(of path: String, in root: MachineRoot) throws(MetadataError) -> [[String]]? {
        guard let bytes = try root.read(path) else { return nil }
        return Text.lines(String(decoding: bytes, as: UTF8.self)).map { line in
            line.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        }
    }

    func write(to root: MachineRoot) throws(MetadataError) {
        for (path, lines, mode) in [
            (Self.passwd, users, 0o644), (Self.group, groups, 0o644), (Self.shadow, shadows, 0o600),
        ] {
            let text = lines.map { $0.joined(separator: ":") + "\n" }.joined()
            try root.write(Array(text.utf8), to: path, mode: UInt32(mode))
        }
    }

    private static func number(_ fields: [String]) -> UInt32? { fields.count > 2 ? UInt32(fields[2]) : nil }

    /// A user's numbers and home.
    func find(user name: String) -> (owner: Owner, home: String)? {
        guard let fields = users.first(where: { $0.first == name }), fields.count > 5, let user = UInt32(fields[2]),
            let group = UInt32(fields[3])
        else {
            return nil
        }
        return (Owner(user: user, group: group), fields[5])
    }

    func find(group name: String) -> UInt32? { groups.first { $0.first == name }.flatMap { Self.number($0) } }

    private static func free(_ wanted: UInt32, among taken: [[String]]) -> UInt32 {
        var number = wanted
        let numbers = Set(taken.compactMap { Self.number($0) })
        while numbers.contains(number) { number += 1 }
        return number
    }

    /// - Returns: its number.
    @discardableResult
    mutating func add(group name: String, number: UInt32 = 1000) -> UInt32 {
        if let known = find(group: name) { return known }
        let free = Self.free(number, among: groups)
        groups.append([name, "x", "\(free)", ""])
        return free
    }

    mutating func add(member user: String, to name: String) {
        add(group: name)
        for index in groups.indices where groups[index].first == name && groups[index].count > 3 {
            var members = groups[index][3].split(separator: ",").map { String($0) }
            if !members.contains(user) { members.append(user) }
            groups[index][3] = members.joined(separator: ",")
        }
    }

    /// Adds a user; of an existing one only groups and a password are changed.
    mutating func add(_ user: CloudUser) throws(MetadataError) {
        if find(user: user.name) == nil {
            if let number = user.number, users.contains(where: { Self.number($0) == number }) {
                throw MetadataError("cloud-config: user '\(user.name)': number \(number) already has a user")
            }
            let number = user.number ?? Self.free(1000, among: users)
            let group = add(group: user.primaryGroup ?? user.name, number: number)
            users.append([
                user.name, "x", "\(number)", "\(group)", user.comment, user.home ?? "/home/\(user.name)",
                user.shell ?? "/bin/sh",
            ])
        }
        if let index = shadows.firstIndex(where: { $0.first == user.name }) {
            if let hash = user.passwordHash, shadows[index].count > 1 { shadows[index][1] = hash }
        } else {
            shadows.append([user.name, user.passwordHash ?? "*", "19000", "0", "99999", "7", "", "", ""])
        }
        for group in user.groups { add(member: user.name, to: group) }
    }

    mutating func set(_ password: CloudPassword) throws(MetadataError) {
        guard let index = shadows.firstIndex(where: { $0.first == password.user && $0.count > 1 }) else {
            throw MetadataError("cloud-config: chpasswd: user '\(password.user)' does not exist")
        }
        shadows[index][1] = password.hash
    }

    /// `USER`, `USER:GROUP`, with names or numbers.
    func owner(_ text: String) throws(MetadataError) -> Owner {
        let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        let known = find(user: words[0])?.owner
        guard let user = known?.user ?? UInt32(words[0]) else {
            throw MetadataError(
                "cloud-config: owner '\(text.prefix(80))': user '\(words[0].prefix(40))' does not exist")
        }
        guard words.count > 1 else { return Owner(user: user, group: known?.group ?? user) }
        guard let group = find(group: words[1]) ?? UInt32(words[1]) else {
            throw MetadataError(
                "cloud-config: owner '\(text.prefix(80))': group '\(words[1].prefix(40))' does not exist")
        }
        return Owner(user: user, group: group)
    }
}
