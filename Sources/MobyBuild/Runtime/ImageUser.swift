internal import Archive

/// The `User` of an image configuration (image-spec, config.md): `user`, `uid`, `user:group`, `uid:gid` and mixtures.
struct ImageUser: Equatable {
    var uid: UInt32
    var gid: UInt32
    var additionalGids: [UInt32]

    /// Looks names up in the image's own accounts. A user without a group gets the groups of its line and of
    /// `/etc/group`.
    /// - Returns: nil when a name is in neither file.
    init?(_ text: String, accounts: () throws -> Accounts) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (userPart, groupPart) = (parts.first ?? "", parts.count == 2 ? parts[1] : "")
        if let uid = UInt32(userPart), let gid = UInt32(groupPart) {
            (self.uid, self.gid, additionalGids) = (uid, gid, [])
            return
        }
        let accounts = try accounts()
        let number = UInt32(userPart)
        let user = accounts.users.first { $0.name == userPart } ?? accounts.users.first { $0.uid == number }
        guard let uid = user?.uid ?? number ?? (userPart.isEmpty || userPart == "root" ? 0 : nil) else { return nil }
        self.uid = uid
        additionalGids = []
        if groupPart.isEmpty {
            gid = user?.gid ?? 0
            guard let user else { return }
            let own = gid
            additionalGids = Array(
                Set(accounts.groups.filter { $0.members.contains(user.name) && $0.gid != own }.map(\.gid))
            ).sorted()
        } else {
            guard let gid = accounts.groups.first(where: { $0.name == groupPart })?.gid ?? UInt32(groupPart) else {
                return nil
            }
            self.gid = gid
        }
    }
}

/// An image's `/etc/passwd` and `/etc/group` (passwd(5), group(5)): the numbers of the names in its `User`.
public struct Accounts: Sendable {
    struct User: Sendable {
        let name: String
        let uid: UInt32
        let gid: UInt32
    }

    struct Group: Sendable {
        let name: String
        let gid: UInt32
        let members: [String]
    }

    /// Changes whenever ``files`` or how they are kept does.
    static let version = 2
    static let files = [TreePath("etc/passwd"), TreePath("etc/group")]

    let users: [User]
    let groups: [Group]

    /// Reads both files; lines that are not of their form are passed over, as in the C library.
    public init(passwd: String, group: String) {
        users = Accounts.lines(passwd).compactMap { fields in
            guard fields.count >= 4, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
            return User(name: fields[0], uid: uid, gid: gid)
        }
        groups = Accounts.lines(group).compactMap { fields in
            guard fields.count >= 4, let gid = UInt32(fields[2]) else { return nil }
            return Group(name: fields[0], gid: gid, members: fields[3].split(separator: ",").map(String.init))
        }
    }

    private static func lines(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
    }
}
