internal import Archive

/// Changes to every image's tree before it goes into the guest (LinuxKit's rules, so that images behave the
/// same).
enum ImageFixUp: String {
    case container
    /// Init images and volumes: `resolv.conf` is the one of the running system.
    case system

    /// Changes whenever the rules do; part of every image's key.
    static let version = "1"

    private static let dropped: [TreePath] = [
        TreePath(".dockerenv"), TreePath("Dockerfile"), TreePath("dev/console"), TreePath("dev/pts"),
        TreePath("dev/shm"),
        TreePath("etc/hostname"),
    ]
    private static let directories: [TreePath] = [
        TreePath("dev"), TreePath("dev/pts"), TreePath("dev/shm"), TreePath("etc"), TreePath("proc"), TreePath("sys"),
    ]
    private static let hosts = """
        127.0.0.1       localhost
        ::1     localhost ip6-localhost ip6-loopback
        fe00::0 ip6-localnet
        ff00::0 ip6-mcastprefix
        ff02::1 ip6-allnodes
        ff02::2 ip6-allrouters

        """

    func apply(to tree: inout FileTree) {
        tree.removeAll(ImageFixUp.dropped)
        for path in ImageFixUp.directories where canHold(tree, path) && tree[path] == nil {
            tree.set(path, FileTree.Node(.directory, mode: 0o755))
        }
        func put(_ path: TreePath, _ node: FileTree.Node) {
            guard canHold(tree, path) else { return }
            tree.removeAll([path])
            tree.set(path, node)
        }
        put(TreePath("etc/hosts"), .file(ImageFixUp.hosts, mode: 0o644))
        switch self {
        case .container: put(TreePath("etc/resolv.conf"), .file("# no resolv.conf configured\n", mode: 0o644))
        case .system:
            put(
                TreePath("etc/resolv.conf"),
                FileTree.Node(.symlink(Array("/run/resolvconf/resolv.conf".utf8)), mode: 0o777))
        }
        let mtab = TreePath("etc/mtab")
        if tree[mtab] == nil { put(mtab, FileTree.Node(.symlink(Array("/proc/mounts".utf8)), mode: 0o777)) }
        tree.addMissingParents()
    }

    /// An image whose `etc` is a link keeps it: nothing can be put below.
    private func canHold(_ tree: FileTree, _ path: TreePath) -> Bool {
        guard !path.parent.isRoot, let parent = tree[path.parent] else { return true }
        if case .directory = parent.kind { return true }
        return false
    }
}
