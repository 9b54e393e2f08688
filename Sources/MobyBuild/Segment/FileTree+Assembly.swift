internal import Archive
internal import Extents

extension FileTree.Node {
    static func file(_ text: String, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0) -> FileTree.Node {
        FileTree.Node(.regular(ExtentList([.bytes(Array(text.utf8))])), mode: mode, uid: uid, gid: gid)
    }
}

extension FileTree {
    /// Removes names and all that lies below them.
    mutating func removeAll(_ targets: [TreePath]) {
        let directories = targets.filter { target in
            if case .directory? = self[target]?.kind { return true }
            return false
        }
        if !directories.isEmpty {
            for path in paths where directories.contains(where: { path.isInside($0) }) { remove(path) }
        }
        for target in targets { remove(target) }
    }

    /// Makes the directories that names lie in and no layer mentions: the kernel drops a file without a parent in
    /// silence.
    mutating func addMissingParents() {
        for path in paths {
            var parent = path.parent
            while !parent.isRoot, self[parent] == nil {
                set(parent, Node(.directory, mode: 0o755))
                parent = parent.parent
            }
        }
    }

    /// Memory of the unpacked files in whole pages, names, and names with extended attributes.
    /// - Parameter paths: all of them; sorting is not done twice.
    func measure(_ paths: [TreePath]) -> (unpacked: UInt64, entries: Int, withAttributes: Int) {
        var seen = Set<Int>()
        var result: (unpacked: UInt64, entries: Int, withAttributes: Int) = (0, count, 0)
        for path in paths {
            guard let node = self[path] else { continue }
            if !node.attributes.isEmpty { result.withAttributes += 1 }
            guard case .regular(let content) = node.kind, let identity = identity(of: path),
                seen.insert(identity).inserted
            else {
                continue
            }
            result.unpacked += (content.length + 4095) / 4096 * 4096
        }
        return result
    }

    /// The same tree with every name moved by `move`.
    func renamed(_ move: (TreePath) -> TreePath) -> FileTree {
        var result = FileTree()
        var first: [Int: TreePath] = [:]
        for path in paths {
            guard let node = self[path], let identity = identity(of: path) else { continue }
            let target = move(path)
            if let known = first[identity], result.link(target, to: known) { continue }
            first[identity] = target
            result.set(target, node)
        }
        return result
    }
}
