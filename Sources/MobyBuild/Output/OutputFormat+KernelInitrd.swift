internal import Archive
internal import Extents

extension OutputFormat {
    /// Kernel, initrd and command line as files; what is empty is left out.
    static let kernelInitrd = kernelInitrd(kernelSuffix: "-kernel")

    /// The same with the file names of April 2017.
    static let kernelInitrd2017 = kernelInitrd(kernelSuffix: "-bzImage")

    private static func kernelInitrd(kernelSuffix: String) -> OutputFormat {
        OutputFormat(
            "kernel+initrd", "kernel, initrd and command line as files", medium: .files,
            suffixes: [kernelSuffix, "-initrd.img", "-cmdline"]
        ) { boot, request in
            let line = try BootMedium.checkedLength(boot.commandLine)
            var artifacts = boot.kernel.map { [Artifact(name: request.file(kernelSuffix), .extents($0))] } ?? []
            artifacts.append(Artifact(name: request.file("-initrd.img"), .extents(boot.wholeInitrd)))
            if !line.isEmpty { artifacts.append(Artifact(name: request.file("-cmdline"), .extents(text(line)))) }
            return artifacts
        }
    }

    /// The files of ``kernelInitrd`` as one tar, the microcode apart.
    static let tarKernelInitrd = OutputFormat(
        "tar-kernel-initrd", "kernel, initrd and command line in a tar", medium: .archive, wrapping: .tar,
        suffixes: ["-initrd.tar"]
    ) { boot, request in
        let line = try BootMedium.checkedLength(boot.commandLine)
        let files: [(TreePath, ExtentList?)] = [
            (TreePath("kernel"), boot.kernel), (TreePath("initrd.img"), boot.initrd),
            (TreePath("cmdline"), line.isEmpty ? nil : text(line)), (TreePath("ucode.cpio"), boot.microcode),
        ]
        return [
            Artifact(
                name: request.file("-initrd.tar"),
                .stream { write in
                    try withoutActuallyEscaping(write) { write in
                        let tar = TarWriter(write)
                        for (path, content) in files {
                            if let content { try tar.add(path, FileTree.Node(.regular(content), mode: 0o644)) }
                        }
                        try tar.finish()
                    }
                })
        ]
    }

    private static func text(_ text: String) -> ExtentList { ExtentList([.bytes(Array(text.utf8))]) }
}
