internal import Archive
internal import MobyBuild

/// Which paths of a tree stay.
struct PathRules {
    var drop: [PathPattern]
    var keep: [PathPattern]

    /// Removes what is dropped, and the folders that are empty because of it.
    func apply(to tree: inout FileTree) {
        let paths = tree.paths
        let dropped = Set(
            paths.filter { path in drop.contains { $0.matches(path) } && !keep.contains { $0.matches(path) } })
        guard !dropped.isEmpty else { return }
        var inhabited: Set<TreePath> = []
        for path in paths where !dropped.contains(path) && !tree.isDirectory(path) {
            inhabited.insertAncestors(of: path)
        }
        var emptied: Set<TreePath> = []
        for path in dropped { emptied.insertAncestors(of: path) }
        for path in paths where !inhabited.contains(path) {
            if dropped.contains(path) || (emptied.contains(path) && tree.isDirectory(path)) { tree.remove(path) }
        }
    }
}

extension Set<TreePath> {
    mutating func insertAncestors(of path: TreePath) {
        var ancestor = path.parent
        while !ancestor.isRoot, insert(ancestor).inserted { ancestor = ancestor.parent }
    }
}
