internal import Archive
internal import Extents

extension OutputFormat {
    /// The whole root with `boot/`, each entry with the records that say where it comes from.
    static let tar = OutputFormat(
        name: "tar", summary: "the root file system as a tar", medium: .archive, wrapping: .tar,
        files: [File(".tar", .archive)], isStreamable: true, needsInitrd: false
    ) { boot, request in
        let root = RootTar(parts: [try bootPart(boot)] + boot.root)
        return [Artifact(name: request.file(".tar"), .stream { try root.write($0) })]
    }

    /// The same with a Dockerfile, for `docker build - < X.docker`.
    static let docker = OutputFormat(
        name: "docker", summary: "root as a tar with a Dockerfile", medium: .archive, wrapping: .tar,
        files: [File(".docker", .archive)],
        isStreamable: true,
        needsInitrd: false
    ) { boot, request in
        let dockerfile = "FROM scratch\nCOPY . /\nENTRYPOINT [\"\(entryPoint)\"]\n"
        let part = RootPart(source: "moby", entry: "Dockerfile") {
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
        return RootPart(source: "kernel", entry: "kernel") { boot }
    }
}

/// The root as a tar, each entry with the records that say where it comes from.
struct RootTar: Sendable {
    let parts: [RootPart]

    /// Writes the whole archive.
    func write(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        var made: Set<TreePath> = [.root]
        try TarWriter.write(to: write) { tar in for part in parts { try add(part, to: tar, &made) } }
    }

    /// SHA-256, 32 bytes, and length in bytes of what ``write(_:)`` writes.
    func digest() throws -> (sha256: [UInt8], length: UInt64) {
        let hash = SHA256()
        var length: UInt64 = 0
        try write {
            hash.update($0)
            length += UInt64($0.count)
        }
        return (hash.finalize(), length)
    }

    private func add(_ part: RootPart, to tar: TarWriter, _ made: inout Set<TreePath>) throws {
        let records = ["LINUXKIT.source": part.source, "LINUXKIT.location": part.entry]
        let tree = try part.tree()
        for parent in part.destination.parents where made.insert(parent).inserted {
            try tar.add(parent, FileTree.Node(.directory, mode: 0o755), records: records)
        }
        if tree[.root] == nil, made.insert(part.destination).inserted {
            try tar.add(part.destination, FileTree.Node(.directory, mode: 0o755), records: records)
        }
        try tar.add(tree, under: part.destination, records: records)
    }
}

/// One part of the root with where it comes from.
struct RootPart: Sendable {
    /// `LINUXKIT.source`: an image or `linuxkit.files`.
    let source: String
    /// `LINUXKIT.location`: the entry of the spec, e.g. `services[0]`.
    let entry: String
    var destination = TreePath.root
    let tree: @Sendable () throws -> FileTree
}

extension RootPart {
    /// The part that a segment is made from; nil when it is not a tree.
    init?(_ segment: PlannedSegment) {
        guard case .tree(let tree) = segment.content else { return nil }
        self.init(source: segment.title, entry: segment.entry, destination: segment.destination, tree: tree)
    }
}
