internal import BootLayout
internal import Extents

extension OutputFormat {
    /// The root on a disk of its own; an initrd with little more than the drivers mounts it.
    static let kernelErofs = kernelRoot(
        "kernel+erofs", "kernel, small initrd and an EROFS root", .erofs, suffix: "-erofs.img"
    ) {
        root, request in
        (Artifact(name: request.file("-erofs.img"), .extents(try root.image())), root.word)
    }

    /// Kernel, small initrd, a root on a disk, and a command line that names it.
    /// - Parameter make: makes the root and the word of the command line.
    static func kernelRoot(
        _ name: String, _ summary: String, _ fileSystem: RootFileSystem, suffix: String,
        make: @escaping @Sendable (DiskRoot, OutputRequest) throws -> (Artifact, word: String)
    ) -> OutputFormat {
        OutputFormat(
            name, summary, medium: .files, suffixes: ["-kernel", "-initrd.img", suffix, "-cmdline"], needsInitrd: false,
            rootOnDisk: fileSystem
        ) { boot, request in
            guard let root = boot.diskRoots[fileSystem] else {
                preconditionFailure("a format with its root on a disk did not ask for it")
            }
            let (disk, word) = try make(root, request)
            let line = try BootMedium.checkedLength((boot.commandLine.isEmpty ? "" : boot.commandLine + " ") + word)
            var artifacts = boot.kernel.map { [Artifact(name: request.file("-kernel"), .extents($0))] } ?? []
            artifacts.append(Artifact(name: request.file("-initrd.img"), .extents(boot.initrd(for: root))))
            artifacts.append(disk)
            artifacts.append(Artifact(name: request.file("-cmdline"), .extents(ExtentList(bytes: Array(line.utf8)))))
            return artifacts
        }
    }
}
