public import Archive
internal import Extents

extension KernelModules {
    /// The tree with these modules and their indexes only: what a kernel's tar has once the modules are chosen.
    /// - Parameters:
    ///   - tree: the tree this was read from.
    ///   - kept: the modules that stay, from ``closure(of:)``.
    public func pruned(_ tree: FileTree, keeping kept: [KernelModule]) -> FileTree {
        let keptPaths = Set(kept.map(\.path))
        var wanted: Set<TreePath> = []
        for path in tree.paths {
            guard let below = path.removing(prefix: folder) else { continue }
            let isKept = keptPaths.contains(below) || Self.builtinIndexes.contains(below)
            guard isKept else { continue }
            var ancestor = path
            while !ancestor.isRoot {
                wanted.insert(ancestor)
                ancestor = ancestor.parent
            }
        }
        var result = FileTree()
        for path in wanted.sorted() {
            if let node = tree[path] { result.set(path, node) }
        }
        for (name, text) in indexes(for: kept, in: tree) {
            if let path = TreePath(name.utf8) {
                result.set(
                    folder.appending(path), FileTree.Node(.regular(ExtentList([.bytes(Array(text.utf8))])), mode: 0o644)
                )
            }
        }
        return result
    }

    private static let builtinIndexes: Set<TreePath> = [
        TreePath("modules.builtin"), TreePath("modules.builtin.modinfo"),
    ]

    private func indexes(for kept: [KernelModule], in tree: FileTree) -> [(name: String, text: String)] {
        var files = KernelModuleIndex.files(for: kept, of: self)
        if case .regular(let order)? = tree[folder.appending(TreePath("modules.order"))]?.kind,
            let text = try? ExtentReader.bytes(of: order)
        {
            let names = Set(kept.map(\.path.description))
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").filter {
                names.contains(String($0))
            }
            files.append(("modules.order", lines.map { "\($0)\n" }.joined()))
        }
        return files
    }
}
