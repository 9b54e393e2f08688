internal import DiskImage
internal import Extents

extension OutputFormat {
    /// A disk that boots by itself.
    static func disk(
        _ name: String, _ summary: String, _ firmware: Firmware, _ suffix: String, _ wrapping: DiskWrapping
    ) -> OutputFormat {
        OutputFormat(name, summary, firmware: firmware, medium: .disk, wrapping: wrapping.kind, suffixes: [suffix]) {
            boot, request in
            let disk = try BootDisk(boot, request, firmware).image(sizeUnit: wrapping.sizeUnit)
            let name = request.file(suffix)
            return [Artifact(name: name, try wrapping.wrap(disk, name, request.time))]
        }
    }

    /// Kernel, initrd and command line as one EFI executable.
    static let uki = OutputFormat(
        "uki", "unified kernel image: an EFI executable", firmware: .uefi, medium: .files, suffixes: [".efi"]
    ) { boot, request in
        [
            Artifact(
                name: request.file(".efi"), .extents(try BootMedium(boot, request, .uefi).unifiedKernelImage().content))
        ]
    }
}
