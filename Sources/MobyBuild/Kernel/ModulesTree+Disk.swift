internal import Archive
internal import BootLayout
internal import Extents
internal import OCI

extension ModulesTree {
    /// What it takes to find and mount a root on a disk; a kernel may have any of them built in, or do without.
    private static let forDisks = [
        "?overlay", "?virtio_pci", "?virtio_mmio", "?virtio_blk", "?virtio_scsi", "?sd_mod", "?sr_mod", "?ata_piix",
        "?ata_generic",
        "?ahci", "?nvme", "?vmw_pvscsi", "?xen-blkfront", "?hv_vmbus", "?hv_storvsc",
    ]

    /// The modules for ``forDisks`` below `lib/modules`.
    /// - Throws: `BuildError` when the kernel has no module for one of the file systems, or no overlay.
    func makeForDisk(_ fileSystems: [RootFileSystem]) throws -> FileTree {
        let whole = try whole()
        let modules = try context("reading modules of kernel image '\(kernel.image.name)'") { try KernelModules(whole) }
        for needed in fileSystems.map(\.module) + ["overlay"]
        where modules[needed] == nil && !modules.builtin.contains(needed) {
            throw BuildError(
                "kernel image '\(kernel.image.name)' has no module '\(needed)', which a root on a disk needs",
                hint: "take a kernel image with it, or build another format")
        }
        let kept = try context("choosing modules") {
            try modules.closure(of: Self.forDisks + fileSystems.map { "?" + $0.module })
        }
        let merged = TreePath("usr/lib")
        guard modules.folder.isInside(merged) else { return modules.pruned(whole, keeping: kept) }
        return modules.pruned(whole, keeping: kept).renamed { path in
            path.isInside(merged) ? TreePath(path.bytes.dropFirst(4)) ?? path : path
        }
    }
}
