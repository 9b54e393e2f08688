internal import Archive
internal import BootLayout
internal import Extents
internal import MobySpec
internal import OCI
internal import Progress

/// The tree of the kernel's modules archive, with those modules that the spec wants, where the root has its `lib`.
struct ModulesTree: Sendable {
    /// Changes whenever the tree of the same modules does.
    static let version = "1"

    let kernel: KernelImage
    let name: String
    /// Links of the init images that names of the archive go through, e.g. `lib` to `usr/lib`.
    let root: RootState

    /// Top-level directories of a modules archive that a usr-merged root has as links.
    private static let mergeable: [TreePath] = [TreePath("lib"), TreePath("bin"), TreePath("sbin"), TreePath("lib64")]

    init?(_ kernel: KernelImage, root: RootState) {
        guard kernel.facts.hasModules, let name = KernelImage.modulesName(kernel.spec) else { return nil }
        self.kernel = kernel
        self.name = name
        self.root = root
    }

    /// What the segment depends on besides the image: wanted modules and followed links.
    var variant: String {
        let links = ModulesTree.mergeable.compactMap { path in
            root[path]?.kind == .symlink ? "\(path)=\(destination(path))" : nil
        }
        let added = (kernel.spec.modulesAdd ?? []).map(\.value)
        let wanted =
            kernel.spec.modules.map { "only " + ($0.map(\.value) + added).joined(separator: " ") }
            ?? (["all"] + (added.isEmpty ? [] : ["with"] + added)).joined(separator: " ")
        let moves = ModulesTree.libraries.map { "\($0.found)=\(destination($0.found))" }
        return (["/", name, wanted] + links + moves).joined(separator: " ")
    }

    /// The whole archive, with its modules unpacked.
    func whole() throws -> FileTree {
        try context("reading '\(name)' of kernel image '\(kernel.image.name)'") {
            let tree = try FileTree.tar(kernel.file(name))
            guard PackedModules.arePresent(in: tree) else { return tree }
            return try FileTree.tar(unpacked(tree))
        }
    }

    /// Kept in the cache: all modules at once are too much for memory.
    private func unpacked(_ tree: FileTree) throws -> ExtentList {
        let key = CacheKey.unpackedModules(name, of: kernel.image)
        let cache = kernel.images.cache
        if let segment = try cache.segment(key, title: name) { return segment.bytes }
        return try cache.store.progress.during(.unpack, "the modules of \(kernel.image.name)") { step in
            try cache.store(key, title: name, record: SegmentRecord(key: key.description)) { sink in
                try withUnsafeMutablePointer(to: &sink) { sink in
                    try PackedModules.unpack(tree) {
                        try sink.pointee.write($0)
                        step.add($0.count)
                    }
                }
            }.bytes
        }
    }

    func make() throws -> FileTree {
        var tree = try chosen(from: whole())
        tree = tree.renamed(moved)
        tree.addMissingParents()
        return tree
    }

    /// The modules that the spec wants, with indexes; all of them as they are when it does not say, unless their
    /// indexes are missing.
    private func chosen(from whole: FileTree) throws -> FileTree {
        let added = kernel.spec.modulesAdd ?? []
        guard let wanted = kernel.spec.modules else {
            // All are there, so that those added need only exist.
            if !added.isEmpty { _ = try closure(of: added, modules(of: whole)) }
            let hasIndex = whole.paths.contains { $0.name.elementsEqual("modules.dep".utf8) }
            guard !hasIndex, whole.paths.contains(where: { $0.bytes.ends(with: ".ko".utf8) }) else { return whole }
            let modules = try modules(of: whole)
            return try pruned(whole, modules, keeping: modules.modules)
        }
        let modules = try modules(of: whole)
        return try pruned(whole, modules, keeping: try closure(of: wanted + added, modules))
    }

    /// The modules that the spec names with `?` and the kernel image does not have, as notes.
    func skipped() throws -> [String] {
        let wanted = ((kernel.spec.modules ?? []) + (kernel.spec.modulesAdd ?? [])).map(\.value)
        guard wanted.contains(where: { $0.hasPrefix("?") }) else { return [] }
        return try modules(of: whole()).absent(of: wanted).map {
            "module '\(PlainText.short($0))' is not in kernel image '\(PlainText.short(kernel.image.name))': skipped"
        }
    }

    private func modules(of whole: FileTree) throws -> KernelModules {
        try context("reading modules of kernel image '\(PlainText.short(kernel.image.name))'") {
            try KernelModules(whole)
        }
    }

    /// Modules are left out, other files of the archive, e.g. firmware, are not.
    private func pruned(_ whole: FileTree, _ modules: KernelModules, keeping kept: [KernelModule]) throws -> FileTree {
        var tree = try modules.pruned(whole, keeping: kept)
        for path in whole.paths where !path.isInside(modules.folder) && tree[path] == nil {
            if let node = whole[path] { tree.set(path, node) }
        }
        return tree
    }

    private func closure(of wanted: [Located<String>], _ modules: KernelModules) throws -> [KernelModule] {
        do {
            return try modules.closure(of: wanted, image: kernel.image.name, location: kernel.location)
        } catch let error as KernelModulesError {
            throw Diagnostic(at: wanted.first?.location ?? kernel.location, "kernel.modules: \(error)")
        }
    }

    private func destination(_ path: TreePath) -> TreePath {
        root.resolve(path) ?? path
    }

    /// What init and the kernel look for below `/lib`, wherever an archive has it.
    private static let libraries = [
        (found: TreePath("lib/modules"), merged: TreePath("usr/lib/modules")),
        (found: TreePath("lib/firmware"), merged: TreePath("usr/lib/firmware")),
    ]

    /// A name of the archive where it goes: to where `/lib/modules` of the root leads; else below the link's target,
    /// for the kernel would put a directory instead of the link.
    private func moved(_ path: TreePath) -> TreePath {
        for (found, merged) in ModulesTree.libraries {
            for folder in [found, merged] where path == folder || path.isInside(folder) {
                return TreePath(destination(found).bytes + path.bytes.dropFirst(folder.bytes.count)) ?? path
            }
        }
        for link in ModulesTree.mergeable where path.isInside(link) && root[link]?.kind == .symlink {
            guard let rest = TreePath(path.bytes.dropFirst(link.bytes.count)) else { continue }
            return destination(link).appending(rest)
        }
        return path
    }
}

extension ModulesTree {
    /// Modules that find and mount a root on a disk; a kernel may have any of them built in, or do without.
    private static let forDisks = [
        "?overlay", "?virtio_pci", "?virtio_mmio", "?virtio_blk", "?virtio_scsi", "?sd_mod", "?sr_mod", "?ata_piix",
        "?ata_generic",
        "?ahci", "?nvme", "?vmw_pvscsi", "?xen-blkfront", "?hv_vmbus", "?hv_storvsc",
    ]

    /// The modules for ``forDisks`` below `lib/modules`.
    /// - Throws: `BuildError` when the kernel has no module for one of the file systems, or no overlay.
    func makeForDisk(_ fileSystems: [RootFileSystem]) throws -> FileTree {
        let whole = try whole()
        let modules = try modules(of: whole)
        for needed in fileSystems.map(\.module) + ["overlay"]
        where modules[needed] == nil && !modules.builtin.contains(needed) {
            throw BuildError(
                "kernel image '\(kernel.image.name)' has no module '\(needed)', which a root on a disk needs",
                hint: "use a kernel image that has it, or build another format")
        }
        let kept = try context("choosing modules") {
            try modules.closure(of: Self.forDisks + fileSystems.map { "?" + $0.module })
        }
        let merged = TreePath("usr/lib")
        guard modules.folder.isInside(merged) else { return try modules.pruned(whole, keeping: kept) }
        return try modules.pruned(whole, keeping: kept).renamed { path in
            path.isInside(merged) ? TreePath(path.bytes.dropFirst(4)) ?? path : path
        }
    }
}
