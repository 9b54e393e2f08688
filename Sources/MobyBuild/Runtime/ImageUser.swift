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
