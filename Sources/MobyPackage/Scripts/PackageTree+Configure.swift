internal import Archive
internal import Extents

/// What dpkg would change after it has unpacked the packages.
struct Configuration {
    /// Commands that this does not carry out, by package.
    private(set) var others: [(package: String, commands: [String])] = []
    private var actions: [(package: String, action: ScriptAction)] = []

    /// Reads sysusers.d(5) files and follows the maintainer scripts of the packages.
    init(_ packages: [UnpackedPackage], in tree: FileTree) throws {
        // base-passwd's script creates the files that the others add to; the order of the rest is that of the names.
        for package in packages.sorted(by: { $0.name < $1.name }) where package.name != "base-passwd" {
            var unknown: [String] = []
            for script in package.scripts {
                let arguments = script == package.scripts.last ? ["configure", ""] : ["install"]
                follow(script, arguments, of: package.name, in: tree, &unknown)
            }
            if !unknown.isEmpty { others.append((package.name, unknown)) }
        }
        for path in tree.paths where path.parent == TreePath("usr/lib/sysusers.d") {
            for line in try tree.text(at: path)?.split(separator: "\n") ?? [] {
                actions += AccountCommand.parse(sysusers: line).map { ("", $0) }
            }
        }
    }

    private mutating func follow(
        _ script: String, _ arguments: [String], of package: String, in tree: FileTree, _ unknown: inout [String]
    ) {
        var found: [ScriptAction] = []
        var others = unknown
        var run = ScriptRun(
            arguments: arguments,
            exists: { path in
                !path.hasPrefix("/run/systemd") && tree.has(path)
            },
            run: { fields in
                guard let name = fields.first ?? nil else { return nil }
                let program = name.split(separator: "/").last.map(String.init) ?? name
                if case .index(_, let pattern)? = ScriptCommand.parse(program, [])?.actions.first,
                    case let pattern = PathPattern(pattern), tree.paths.contains(where: pattern.matches)
                {
                    others.append(program)
                }
                if let (actions, status) = ScriptCommand.parse(program, Array(fields.dropFirst())) {
                    found += actions
                    return status
                }
                if !others.contains(program) { others.append(program) }
                return nil
            })
        run.follow(script)
        actions += found.map { (package, $0) }
        unknown = others
    }

    /// - Returns: for each path that was made, the packages that it comes from.
    func apply(to tree: inout FileTree, time: Int64) throws -> [TreePath: Set<String>] {
        var accounts = ScriptAccounts(
            passwd: try tree.text(at: TreePath("usr/share/base-passwd/passwd.master"))?.replacing(":*:", with: ":x:"),
            group: try tree.text(at: TreePath("usr/share/base-passwd/group.master"))?.replacing(":*:", with: ":x:"))
        var made: [TreePath: Set<String>] = [:]
        var accountants: Set<String> = ["base-passwd"]
        for (package, action) in actions where accounts.apply(action) { accountants.insert(package) }
        if accounts.hasNew || tree[TreePath("usr/share/base-passwd/passwd.master")] != nil {
            for (path, text, mode) in [
                (TreePath("etc/passwd"), accounts.passwd, UInt16(0o644)),
                (TreePath("etc/group"), accounts.group, 0o644),
                (TreePath("etc/shadow"), accounts.shadow, 0o600),
            ] where tree[path] == nil {
                tree.makeDirectories(path.parent, modified: time)
                let contents = ExtentList([.bytes(Array(text.utf8))])
                tree.set(path, FileTree.Node(.regular(contents), mode: mode, modified: time))
                made[path] = accountants
            }
        }
        var change = TreeChange(tree: tree, accounts: accounts, time: time)
        for (package, action) in actions {
            for path in try change.apply(action) { made[path, default: []].insert(package) }
        }
        for (package, path) in change.linkAlternatives(actions) { made[path, default: []].insert(package) }
        tree = change.tree
        return made
    }
}

extension ScriptAccounts {
    /// - Returns: whether the action is one of accounts.
    fileprivate mutating func apply(_ action: ScriptAction) -> Bool {
        switch action {
        case .group(let name, let id): addGroup(name, id: id)
        case .user(let user): addUser(user)
        case .member(let user, let group): addMember(user, to: group)
        default: return false
        }
        return true
    }
}

extension UsrMerge {
    /// An absolute path of a script, in the merged layout.
    static func merged(path: String) -> TreePath {
        let name = path.hasPrefix("/var/run/") ? String(path.dropFirst(4)) : path
        return merged(TreePath(name.utf8.drop { $0 == UInt8(ascii: "/") }) ?? .root)
    }
}

extension FileTree {
    /// Whether the absolute path of a script leads to something, links followed.
    func has(_ path: String) -> Bool { resolve(UsrMerge.merged(path: path)).flatMap { self[$0] } != nil }

    /// The text of a regular file; nil when there is none.
    func text(at path: TreePath) throws -> String? {
        guard case .regular(let contents)? = self[path]?.kind else { return nil }
        return String(decoding: try ExtentReader.bytes(of: contents, limit: 1 << 20), as: UTF8.self)
    }
}
