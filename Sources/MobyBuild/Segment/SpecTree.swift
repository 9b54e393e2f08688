internal import Archive
internal import BootLayout
internal import Extents
internal import MobySpec

/// The tree of the last, small segment: all that the YAML decides, and nothing that an image does.
struct SpecTree {
    private(set) var tree = FileTree()
    private(set) var faults: [Diagnostic] = []
    /// What init images and modules put at the root before: their directories keep their owner and mode, their links are followed.
    let root: RootState

    init(over root: RootState) { self.root = root }

    /// Puts a node and, with `parent` as pattern, the directories above it that nobody else has.
    mutating func put(
        _ written: TreePath, _ node: FileTree.Node, parent: FileTree.Node = FileTree.Node(.directory, mode: 0o755),
        at place: SourceLocation? = nil
    ) {
        guard let path = root.resolvingParents(written), !path.isRoot else {
            faults.append(Diagnostic(at: place, "'/\(written)' lies behind a symbolic link that leads nowhere"))
            return
        }
        var above = path.parent
        var missing: [TreePath] = []
        while !above.isRoot {
            if let known = tree[above] {
                guard case .directory = known.kind else {
                    faults.append(Diagnostic(at: place, "'/\(path)' cannot lie in '/\(above)', which is not a directory"))
                    return
                }
                break
            }
            if let item = root[above], item.kind == .directory { break }
            missing.append(above)
            above = above.parent
        }
        if let old = tree[path], isDirectory(old) != isDirectory(node) {
            let (was, isNow) = isDirectory(old) ? ("a directory", "a file") : ("a file", "a directory")
            faults.append(Diagnostic(at: place, "'/\(path)' is \(was) already, and would become \(isNow)", hint: "remove one of the two"))
            return
        }
        for directory in missing.reversed() { tree.set(directory, parent) }
        tree.set(path, node)
    }

    private func isDirectory(_ node: FileTree.Node) -> Bool {
        if case .directory = node.kind { true } else { false }
    }

    mutating func note(_ fault: Diagnostic) { faults.append(fault) }

    mutating func directory(_ path: String, mode: UInt16 = 0o755) {
        guard let path = TreePath(path.utf8) else { return }
        put(path, FileTree.Node(.directory, mode: mode))
    }

    mutating func file(_ path: String, _ text: String) {
        guard let path = TreePath(path.utf8) else { return }
        put(path, .file(text, mode: 0o644))
    }
}
