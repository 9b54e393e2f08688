internal import Archive
internal import BootLayout
internal import DiskImage
internal import Extents

extension OutputFormat {
    /// Kernel, initrd and command line as files; empty ones are left out.
    static let kernelInitrd = kernelInitrd(kernelSuffix: File.kernel.suffix)

    /// The same with the file names of April 2017.
    static let kernelInitrd2017 = kernelInitrd(kernelSuffix: "-bzImage")

    private static func kernelInitrd(kernelSuffix: String) -> OutputFormat {
        OutputFormat(
            name: "kernel+initrd", summary: "kernel, initrd and command line as files", medium: .files,
            files: [File(kernelSuffix, .kernel), .initrd, .cmdline]
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
        name: "tar-kernel-initrd", summary: "kernel, initrd and command line in a tar", medium: .archive,
        wrapping: .tar, files: [File("-initrd.tar", .archive)]
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
                    try TarWriter.write(to: write) { tar in
                        for (path, content) in files {
                            if let content { try tar.add(path, FileTree.Node(.regular(content), mode: 0o644)) }
                        }
                    }
                })
        ]
    }

    private static func text(_ text: String) -> ExtentList { ExtentList([.bytes(Array(text.utf8))]) }
}

extension OutputFormat {
    /// The root on a disk of its own; an initrd with little more than the drivers mounts it.
    static let kernelErofs = kernelRoot(
        "kernel+erofs", "kernel, small initrd and an EROFS root", .erofs, suffix: "-erofs.img"
    ) {
        root, request in
        (Artifact(name: request.file("-erofs.img"), .extents(try root.image())), root.kernelParameter)
    }

    /// Kernel, small initrd, a root on a disk, and a command line that names it.
    /// - Parameter make: makes the root and the kernel parameter that names it.
    static func kernelRoot(
        _ name: String, _ summary: String, _ fileSystem: RootFileSystem, suffix: String,
        make: @escaping @Sendable (DiskRoot, OutputRequest) throws -> (Artifact, kernelParameter: String)
    ) -> OutputFormat {
        OutputFormat(
            name: name, summary: summary, medium: .files,
            files: [.kernel, .initrd, File(suffix, .root), .cmdline], needsInitrd: false, rootOnDisk: fileSystem
        ) { boot, request in
            guard let root = boot.diskRoots[fileSystem] else {
                preconditionFailure("a format with its root on a disk did not ask for it")
            }
            let (disk, parameter) = try make(root, request)
            let line = try BootMedium.checkedLength(
                (boot.commandLine.isEmpty ? "" : boot.commandLine + " ") + parameter)
            var artifacts = boot.kernel.map { [Artifact(name: request.file("-kernel"), .extents($0))] } ?? []
            artifacts.append(Artifact(name: request.file("-initrd.img"), .extents(boot.initrd(for: root))))
            artifacts.append(disk)
            artifacts.append(Artifact(name: request.file("-cmdline"), .extents(ExtentList(bytes: Array(line.utf8)))))
            return artifacts
        }
    }
}

extension OutputFormat {
    /// As ``kernelErofs``, with a root that every tool for CD images reads.
    static let kernelISO = kernelRoot(
        "kernel+iso", "kernel, small initrd and an ISO 9660 root", .iso9660, suffix: ".iso"
    ) {
        root, request in
        var artifact = Artifact(name: request.file(".iso"), .extents(try root.iso(time: request.time)))
        artifact.warnings = try root.isoWarnings()
        return (artifact, root.isoKernelParameter)
    }
}

extension OutputFormat {
    /// A bootable disk.
    static func disk(
        _ name: String, _ summary: String, _ firmware: Firmware, _ suffix: String, _ wrapping: DiskWrapping
    ) -> OutputFormat {
        OutputFormat(
            name: name, summary: summary, firmware: firmware, medium: .disk, wrapping: wrapping.kind,
            files: [File(suffix, wrapping.kind == .tarGzip ? .archive : .disk)]
        ) {
            boot, request in
            let disk = try await BootDisk(boot, request, firmware).image(sizeUnit: wrapping.sizeUnit)
            let name = request.file(suffix)
            return [Artifact(name: name, try wrapping.wrap(disk, name, request.time))]
        }
    }

    /// Kernel, initrd and command line as one EFI executable.
    static let uki = OutputFormat(
        name: "uki", summary: "unified kernel image: an EFI executable", firmware: .uefi, medium: .files,
        files: [File(".efi", .efi)]
    ) { boot, request in
        [
            Artifact(
                name: request.file(".efi"),
                .extents(try await BootMedium(boot, request, .uefi).unifiedKernelImage().content))
        ]
    }
}

extension OutputFormat {
    /// A bootable ISO.
    static func iso(_ name: String, _ summary: String, _ firmware: Firmware, _ suffix: String) -> OutputFormat {
        OutputFormat(name: name, summary: summary, firmware: firmware, medium: .iso, files: [File(suffix, .iso)]) {
            boot, request in
            [Artifact(name: request.file(suffix), .extents(try await BootISO(boot, request, firmware).image()))]
        }
    }
}

/// How the bytes of a disk are put into a file.
struct DiskWrapping: Sendable {
    let kind: OutputFormat.Wrapping
    /// What the size of the disk must be a multiple of, in bytes.
    var sizeUnit: UInt64 = 1 << 20
    /// - Parameters:
    ///   - name: of the file.
    ///   - time: of its files, in seconds since 1970.
    let wrap: @Sendable (_ disk: ExtentList, _ name: String, _ time: UInt64) throws -> Artifact.Content
}

extension DiskWrapping {
    /// As they are.
    static let raw = DiskWrapping(kind: .raw) { disk, _, _ in .extents(disk) }

    static let qcow2 = DiskWrapping(kind: .qcow2) { disk, _, _ in .extents(QCOW2.encode(disk)) }

    static let qcow2Compressed = DiskWrapping(kind: .qcow2) { disk, _, _ in
        .seekable { try QCOW2.writeCompressed(disk, to: &$0) }
    }

    static let vmdk = DiskWrapping(kind: .vmdk) { disk, name, _ in
        .stream { try VMDK.writeStreamOptimized(disk, name: name, to: $0) }
    }

    static let vhd = DiskWrapping(kind: .vhd) { disk, _, _ in .extents(try VHD.fixed(disk)) }

    static let dynamicVHD = DiskWrapping(kind: .vhd) { disk, _, _ in .extents(try VHD.dynamic(disk)) }

    /// A sparse `disk.raw` in a tar with gzip.
    static let tarGzip = DiskWrapping(kind: .tarGzip, sizeUnit: GCPArchive.sizeUnit) { disk, _, time in
        let archive = try GCPArchive.encode(disk, modified: time)
        return .stream { try GzipPieces.compress(archive, to: $0) }
    }
}
