internal import Archive
internal import DiskImage
internal import Extents

/// The boot loaders, from the files of one image.
struct BootLoaders: Sendable {
    /// What is taken from the image, where Debian's packages have it.
    enum File: String, CaseIterable {
        case efiStub = "usr/lib/systemd/boot/efi/linuxx64.efi.stub"
        case efiLoader = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
        case syslinux = "usr/bin/syslinux"
        case syslinuxCore = "usr/lib/syslinux/modules/bios/ldlinux.c32"
        case mbr = "usr/lib/syslinux/mbr/mbr.bin"
        case gptMBR = "usr/lib/syslinux/mbr/gptmbr.bin"
        case isolinux = "usr/lib/ISOLINUX/isolinux.bin"
        case isoHybridMBR = "usr/lib/ISOLINUX/isohdpfx.bin"
    }

    /// The image's name.
    let name: String
    private let tree: FileTree

    init(name: String, tree: FileTree) {
        self.name = name
        self.tree = tree
    }

    /// - Throws: `BuildError` when the image does not have the file.
    subscript(file: File) -> ExtentList {
        get throws {
            guard let path = TreePath(file.rawValue.utf8), case .regular(let content)? = tree[path]?.kind else {
                throw BuildError(
                    "boot loader image '\(name)' has no file '\(file.rawValue)'",
                    hint:
                        "name an image like pkg/bootloaders with --bootloader or in the section boot, or leave both out"
                )
            }
            return content
        }
    }

    /// The bytes of a small file.
    func bytes(_ file: File) throws -> [UInt8] { try ExtentReader.bytes(of: self[file], limit: 1 << 20) }

    func syslinuxLoader() throws -> Syslinux.Loader {
        let installer = try bytes(.syslinux)
        return try context("'\(File.syslinux.rawValue)' of boot loader image '\(name)'") {
            try Syslinux.Loader(installer: installer)
        }
    }
}
