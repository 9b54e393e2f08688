internal import Archive
internal import Extents

/// Carries out what maintainer scripts do to files. What is not in the image stays as it is.
struct TreeChange {
    private(set) var tree: FileTree
    let accounts: ScriptAccounts
    /// Time of new entries, in seconds since 1970.
    let time: Int64

    /// - Returns: the paths that it made.
    mutating func apply(_ action: ScriptAction) throws -> [TreePath] {
        switch action {
        case .group, .user, .member, .alternative, .index: return []
        case .temporary(let name): return try temporary(name)
        case .owner(let paths, let user, let group, let isRecursive):
            own(paths, user, group, isRecursive)
            return []
        case .mode(let paths, let mode):
            for path in paths.map(UsrMerge.merged(path:)) where tree[path] != nil {
                tree.update(path) { $0.mode = mode }
            }
            return []
        case .directory(let name, let mode, let user, let group):
            let path = UsrMerge.merged(path: name)
            guard Self.isUsable(name) else { return [] }
            let isNew = tree[path] == nil
            if isNew { tree.makeDirectories(path, modified: time) }
            if let mode, tree.isDirectory(path) { tree.update(path) { $0.mode = mode } }
            own([name], user, group, false)
            return isNew ? [path] : []
        case .link(let target, let name): return link(name, to: target)
        case .copy(let from, let to):
            guard Self.isUsable(to), case .regular(let contents)? = tree[UsrMerge.merged(path: from)]?.kind else {
                return []
            }
            var path = UsrMerge.merged(path: to)
            if tree.isDirectory(path) { path = path.appending(TreePath(UsrMerge.merged(path: from).name) ?? .root) }
            guard tree[path] == nil else { return [] }
            return put(.regular(contents), mode: 0o644, at: path)
        case .certificates: return certificates()
        }
    }

    /// Whether a script's path is an absolute one that an image can have.
    private static func isUsable(_ path: String) -> Bool {
        path.hasPrefix("/") && !["/dev/", "/proc/", "/sys/", "/tmp/"].contains { path.hasPrefix($0) }
    }

    private mutating func put(_ kind: FileTree.Kind, mode: UInt16, at path: TreePath) -> [TreePath] {
        guard !path.isRoot else { return [] }
        tree.makeDirectories(path.parent, modified: time)
        tree.set(path, FileTree.Node(kind, mode: mode, modified: time))
        return [path]
    }

    private mutating func link(_ name: String, to target: String) -> [TreePath] {
        var path = UsrMerge.merged(path: name)
        if tree.isDirectory(path), let last = target.split(separator: "/").last {
            path = path.appending(TreePath(last.utf8) ?? .root)
        }
        guard Self.isUsable(name), tree[path] == nil else { return [] }
        return put(.symlink(Array(target.utf8)), mode: 0o777, at: path)
    }

    private mutating func own(_ paths: [String], _ user: String?, _ group: String?, _ isRecursive: Bool) {
        let uid = user.flatMap { accounts.userID($0) }
        let gid = group.flatMap { $0.isEmpty ? user.flatMap { accounts.loginGroup($0) } : accounts.groupID($0) }
        for root in paths.map(UsrMerge.merged(path:)) where !root.isRoot && tree[root] != nil {
            let all = isRecursive ? tree.paths.filter { $0 == root || $0.isInside(root) } : [root]
            for path in all {
                tree.update(path) { node in
                    node.uid = uid ?? node.uid
                    node.gid = gid ?? node.gid
                }
            }
        }
    }

    /// Lines `d PATH MODE USER GROUP AGE`; `-` is a default.
    private mutating func temporary(_ name: String) throws -> [TreePath] {
        guard let file = TreePath("usr/lib/tmpfiles.d/\(name)".utf8), let text = try tree.text(at: file) else {
            return []
        }
        var made: [TreePath] = []
        for line in text.split(separator: "\n") {
            let fields = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard fields.count >= 2, fields[0].hasPrefix("d") || fields[0].hasPrefix("D") else { continue }
            func field(_ index: Int) -> String? { fields.count > index && fields[index] != "-" ? fields[index] : nil }
            made += try apply(
                .directory(
                    fields[1], mode: field(2).flatMap { UInt16($0, radix: 8) }, user: field(3), group: field(4)))
        }
        return made
    }

    /// The file that programs read all certificates from, and OpenSSL's own name for it.
    private mutating func certificates() -> [TreePath] {
        let bundle = TreePath("etc/ssl/certs/ca-certificates.crt")
        guard tree[bundle] == nil else { return [] }
        var all = ExtentList()
        for path in tree.paths where path.isInside(TreePath("usr/share/ca-certificates")) {
            guard path.bytes.suffix(4).elementsEqual(".crt".utf8), case .regular(let text)? = tree[path]?.kind else {
                continue
            }
            for extent in text.extents { all.append(extent) }
        }
        return put(.regular(all), mode: 0o644, at: bundle)
            + link("/usr/lib/ssl/cert.pem", to: "/etc/ssl/certs/ca-certificates.crt")
    }

    /// For each name the alternative of the highest priority whose program is in the image.
    mutating func linkAlternatives(_ actions: [(package: String, action: ScriptAction)]) -> [(String, TreePath)] {
        var best: [String: (package: String, alternative: Alternative)] = [:]
        for case (let package, .alternative(let alternative)) in actions
        where tree.has(alternative.main.target) {
            let name = alternative.main.name
            if let other = best[name], other.alternative.priority >= alternative.priority { continue }
            best[name] = (package, alternative)
        }
        var made: [(String, TreePath)] = []
        for (package, alternative) in best.sorted(by: { $0.key < $1.key }).map(\.value) {
            for link in [alternative.main] + alternative.others
            where tree.has(link.target) {
                let paths =
                    self.link("/etc/alternatives/\(link.name)", to: link.target)
                    + self.link(link.path, to: "/etc/alternatives/\(link.name)")
                made += paths.map { (package, $0) }
            }
        }
        return made
    }
}
