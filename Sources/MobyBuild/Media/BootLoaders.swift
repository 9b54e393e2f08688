internal import Archive
internal import DiskImage
internal import Extents
internal import MachineModel

/// The boot loaders, from the files of one image.
struct BootLoaders: Sendable {
    /// The files read from the image.
    enum File: CaseIterable, Sendable {
        case efiStub, bootManager, syslinux, syslinuxCore, mbr, gptMBR, isolinux, isoHybridMBR

        /// Where Debian's packages have it; nil where the architecture has no use for it.
        func path(for architecture: Architecture) -> String? {
            let bios: String
            switch self {
            case .efiStub: return architecture.uefi?.stubPath
            case .bootManager: return architecture.uefi?.bootManagerPath
            case .syslinux: bios = "usr/bin/syslinux"
            case .syslinuxCore: bios = "usr/lib/syslinux/modules/bios/ldlinux.c32"
            case .mbr: bios = "usr/lib/syslinux/mbr/mbr.bin"
            case .gptMBR: bios = "usr/lib/syslinux/mbr/gptmbr.bin"
            case .isolinux: bios = "usr/lib/ISOLINUX/isolinux.bin"
            case .isoHybridMBR: bios = "usr/lib/ISOLINUX/isohdpfx.bin"
            }
            return architecture.hasBIOS ? bios : nil
        }
    }

    /// The image's name.
    let name: String
    /// Of the machines that they start.
    let architecture: Architecture
    let tree: FileTree

    /// The file that UEFI firmware starts from a disk.
    /// - Throws: `BuildError` for an architecture without UEFI.
    var bootPath: String {
        get throws {
            guard let uefi = architecture.uefi else { throw OutputFormat.missing("UEFI", on: architecture) }
            return uefi.bootPath
        }
    }

    /// - Throws: `BuildError` when the image does not have the file.
    subscript(file: File) -> ExtentList {
        get throws {
            guard let path = file.path(for: architecture) else {
                throw OutputFormat.missing(file == .efiStub || file == .bootManager ? "UEFI" : "BIOS", on: architecture)
            }
            guard case .regular(let content)? = TreePath(path.utf8).flatMap({ tree[$0] })?.kind else {
                throw BuildError(
                    "boot loader image '\(name)' has no file '\(path)'",
                    hint:
                        "name an image like pkg/bootloaders with --bootloader or in the section 'boot', or omit both"
                )
            }
            return content
        }
    }

    /// The bytes of a small file.
    func bytes(_ file: File) throws -> [UInt8] { try ExtentReader.bytes(of: self[file], limit: 1 << 20) }

    func syslinuxLoader() throws -> Syslinux.Loader {
        let installer = try bytes(.syslinux)
        return try context("reading the SYSLINUX of boot loader image '\(name)'") {
            try Syslinux.Loader(installer: installer)
        }
    }
}
