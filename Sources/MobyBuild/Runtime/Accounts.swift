/// An image's `/etc/passwd` and `/etc/group` (passwd(5), group(5)): what a name in its `User` stands for.
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
