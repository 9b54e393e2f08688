internal import Archive
internal import BootLayout
internal import Extents

/// The tree of the small initrd for a root on a disk.
enum DiskInitrd {
    /// Changes whenever the tree of the same modules and init images does.
    static let version = 1
    static let title = "initrd for a root on a disk"

    /// - Parameters:
    ///   - modules: nil for a kernel that has all it needs built in.
    ///   - initial: the init images.
    ///   - fileSystems: that a root may have.
    /// - Throws: `BuildError` when there is no `/init` that can do it.
    static func tree(_ modules: ModulesTree?, _ initial: [RootPart], _ fileSystems: [RootFileSystem]) throws -> FileTree
    {
        var root = FileTree()
        for part in initial { root.unpack(try part.tree(), under: part.destination) }
        var tree = try modules?.makeForDisk(fileSystems) ?? FileTree()
        guard let node = program(in: root), case .regular(let program) = node.kind else {
            throw BuildError(
                "the init images have no '/init' to mount the root", hint: "name an init image under 'init'")
        }
        for fileSystem in fileSystems where try !mentions(program, Array(fileSystem.featureMarker.utf8)) {
            throw unknownRoot(fileSystem)
        }
        tree.set(TreePath("init"), node)
        for folder in [TreePath("dev"), TreePath("proc"), TreePath("sys"), TreePath("etc/moby")] {
            tree.set(folder, FileTree.Node(.directory, mode: 0o755))
        }
        tree.addMissingParents()
        return tree
    }

    static func unknownRoot(_ fileSystem: RootFileSystem) -> BuildError {
        BuildError(
            "the '/init' of the init images does not support '\(BootLayout.rootWord)=' for \(fileSystem.name), which a root on a disk needs",
            hint: "use the init image of this version, or build another format")
    }

    /// What `/init` is when links are followed.
    private static func program(in root: FileTree) -> FileTree.Node? {
        root.resolve(TreePath("init")).flatMap { root[$0] }
    }

    static func mentions(_ program: ExtentList, _ text: [UInt8]) throws -> Bool {
        let bytes = try ExtentReader.bytes(of: program, limit: 256 << 20)
        guard let first = text.first, bytes.count >= text.count else { return false }
        // A loop over bare bytes: a general search takes a second for a program of 8 MB.
        return bytes.withUnsafeBufferPointer { bytes in
            (0...bytes.count - text.count).contains {
                bytes[$0] == first && bytes[$0..<$0 + text.count].elementsEqual(text)
            }
        }
    }
}
