internal import Archive
internal import Extents

extension OutputFormat {
    /// The whole root with `boot/`, each entry with the records that say where it comes from.
    static let tar = OutputFormat(
        "tar", "the root file system as a tar", medium: .archive, wrapping: .tar, suffixes: [".tar"], isStreamable: true, needsInitrd: false
    ) { boot, request in
        let parts = [bootPart(boot)] + boot.root
        return [
            Artifact(
                name: request.name + ".tar",
                .stream { write in
                    try withoutActuallyEscaping(write) { write in
                        let tar = TarWriter(write)
                        var made: Set<TreePath> = [.root]
                        for part in parts {
                            let records = ["LINUXKIT.source": part.source, "LINUXKIT.location": part.location]
                            let tree = try part.tree()
                            for parent in part.destination.parents where made.insert(parent).inserted {
                                try tar.add(parent, FileTree.Node(.directory, mode: 0o755), records: records)
                            }
                            if tree[.root] == nil, made.insert(part.destination).inserted {
                                try tar.add(part.destination, FileTree.Node(.directory, mode: 0o755), records: records)
                            }
                            try tar.add(tree, under: part.destination, records: records)
                        }
                        try tar.finish()
                    }
                })
        ]
    }

    private static func bootPart(_ boot: BootFiles) -> RootPart {
        var tree = FileTree()
        tree.set(TreePath("boot"), FileTree.Node(.directory, mode: 0o755))
        if let kernel = boot.kernel { tree.set(TreePath("boot/kernel"), FileTree.Node(.regular(kernel), mode: 0o644)) }
        if !boot.commandLine.isEmpty || boot.kernel != nil { tree.set(TreePath("boot/cmdline"), .file(boot.commandLine, mode: 0o644)) }
        if let microcode = boot.microcode { tree.set(TreePath("boot/ucode.cpio"), FileTree.Node(.regular(microcode), mode: 0o644)) }
        let boot = tree
        return RootPart(source: "kernel", location: "kernel") { boot }
    }
}

extension TreePath {
    /// The directories a path lies in, from the top.
    var parents: [TreePath] {
        var result: [TreePath] = []
        var above = parent
        while !above.isRoot {
            result.insert(above, at: 0)
            above = above.parent
        }
        return result
    }
}
