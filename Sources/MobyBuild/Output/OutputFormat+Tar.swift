internal import Archive
internal import Extents

extension OutputFormat {
    /// The whole root with `boot/`, each entry with the records that say where it comes from.
    static let tar = OutputFormat(
        "tar", "the root file system as a tar", medium: .archive, wrapping: .tar, suffixes: [".tar"],
        isStreamable: true, needsInitrd: false
    ) { boot, request in
        let root = RootTar(parts: [try bootPart(boot)] + boot.root)
        return [Artifact(name: request.file(".tar"), .stream { try root.write($0) })]
    }

    /// The same with a Dockerfile, for `docker build - < X.docker`.
    static let docker = OutputFormat(
        "docker", "root as a tar with a Dockerfile", medium: .archive, wrapping: .tar, suffixes: [".docker"],
        isStreamable: true,
        needsInitrd: false
    ) { boot, request in
        let dockerfile = "FROM scratch\nCOPY . /\nENTRYPOINT [\"\(entryPoint)\"]\n"
        let part = RootPart(source: "moby", location: "Dockerfile") {
            var tree = FileTree()
            tree.set(TreePath("Dockerfile"), .file(dockerfile, mode: 0o644))
            tree.set(TreePath(".dockerignore"), .file("Dockerfile\n.dockerignore\n", mode: 0o644))
            return tree
        }
        let root = RootTar(parts: [part, try bootPart(boot)] + boot.root)
        return [Artifact(name: request.file(".docker"), .stream { try root.write($0) })]
    }

    /// What a container of the root starts: PID 1.
    static let entryPoint = "/init"

    private static func bootPart(_ boot: BootFiles) throws -> RootPart {
        let line = try BootMedium.checkedLength(boot.commandLine)
        var tree = FileTree()
        tree.set(TreePath("boot"), FileTree.Node(.directory, mode: 0o755))
        if let kernel = boot.kernel { tree.set(TreePath("boot/kernel"), FileTree.Node(.regular(kernel), mode: 0o644)) }
        if !line.isEmpty || boot.kernel != nil { tree.set(TreePath("boot/cmdline"), .file(line, mode: 0o644)) }
        if let microcode = boot.microcode {
            tree.set(TreePath("boot/ucode.cpio"), FileTree.Node(.regular(microcode), mode: 0o644))
        }
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
