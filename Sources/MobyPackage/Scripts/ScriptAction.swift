/// What a maintainer script does that an image needs.
enum ScriptAction {
    case group(name: String, id: UInt32?)
    case user(ScriptAccounts.NewUser)
    case member(user: String, group: String)
    case alternative(Alternative)
    /// An empty `group` is that of the user, as in `chown user:`.
    case owner(paths: [String], user: String?, group: String?, isRecursive: Bool)
    case mode(paths: [String], UInt16)
    case directory(String, mode: UInt16?, user: String?, group: String?)
    case link(target: String, path: String)
    case copy(from: String, to: String)
    /// The folders of a tmpfiles.d(5) file.
    case temporary(String)
    /// A program that makes an index of files that match a pattern: an image with such files lacks it.
    case index(String, of: String)
    /// `update-ca-certificates`: one file with all certificates.
    case certificates
}

/// A program that several packages provide (update-alternatives(1)).
struct Alternative {
    struct Link {
        let path: String
        let name: String
        let target: String
    }

    let main: Link
    let priority: Int
    var others: [Link] = []
}
