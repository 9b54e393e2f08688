internal import GuestYAML

/// A password that `chpasswd` gives a user: only its hash, because whoever reads the user data would read the password.
struct CloudPassword: Equatable {
    let user: String
    /// For shadow(5), such as `$6$…`.
    let hash: String

    /// `users: [{name: ada, password: HASH, type: hash}]`, and the older `list` with lines `ada:HASH`. Whether passwords
    /// expire is not followed.
    static func list(_ node: YAMLNode) throws(MetadataError) -> [CloudPassword] {
        var passwords: [CloudPassword] = []
        for item in node["users"]?.items ?? [] {
            let name = try item["name"]?.required("'name' of a user in 'chpasswd'") ?? ""
            passwords.append(
                try CloudPassword(name, try item["password"]?.required("'password' of '\(name)'") ?? "", item))
        }
        guard let list = node["list"] else { return passwords }
        for text in try list.texts("'chpasswd.list'") {
            for line in Text.lines(text) {
                let words = line.split(separator: ":", maxSplits: 1).map { String($0) }
                passwords.append(try CloudPassword(words[0], words.count > 1 ? words[1] : "", list))
            }
        }
        return passwords
    }

    private init(_ user: String, _ hash: String, _ node: YAMLNode) throws(MetadataError) {
        self.user = try CloudUser.checked(user, node)
        let isHash = hash.hasPrefix("$") && hash.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
        guard isHash else {
            throw node.error("password of '\(user)', expected a hash as 'mkpasswd -m sha512' makes it")
        }
        self.hash = hash
    }
}
