internal import Extents

extension OutputFormat {
    /// The root on a disk of its own; an initrd with little more than the drivers mounts it.
    static let kernelErofs = OutputFormat(
        "kernel+erofs", "kernel, small initrd and an EROFS root", medium: .files,
        suffixes: ["-kernel", "-initrd.img", "-erofs.img", "-cmdline"], needsInitrd: false, hasRootOnDisk: true
    ) { boot, request in
        guard let root = boot.diskRoot else { preconditionFailure("a format with its root on a disk did not ask for it") }
        let line = (boot.commandLine.isEmpty ? "" : boot.commandLine + " ") + root.word
        var artifacts = boot.kernel.map { [Artifact(name: request.name + "-kernel", .extents($0))] } ?? []
        artifacts.append(Artifact(name: request.name + "-initrd.img", .extents(boot.diskInitrd)))
        artifacts.append(Artifact(name: request.name + "-erofs.img", .extents(try root.image())))
        artifacts.append(Artifact(name: request.name + "-cmdline", .extents(ExtentList(bytes: Array(line.utf8)))))
        return artifacts
    }
}
