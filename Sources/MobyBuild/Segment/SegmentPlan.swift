internal import Archive
internal import BootLayout
internal import Extents
internal import MobySpec
internal import OCI

/// Which segments an initrd is made of. Keys come from the spec and the images' digests alone: planning reads no image.
struct SegmentPlan {
    let spec: Spec
    let images: ImageSet
    let compression: Compression

    /// Init images, in order.
    func initial() -> [PlannedSegment] {
        spec.`init`.enumerated().map { index, source in
            image(
                images[source], at: .root, .system, role: .`init`, title: source.value, entry: "init[\(index)]",
                location: source.location)
        }
    }

    /// Every distinct image of a container once, in the order of their paths in the guest.
    func containers() -> [PlannedSegment] {
        var planned: [String: PlannedSegment] = [:]
        for section in Spec.Section.allCases {
            for (index, container) in spec[section].enumerated() {
                let image = images[container.image]
                guard planned[image.guestTree] == nil, let path = TreePath(image.guestTree.utf8) else { continue }
                planned[image.guestTree] = self.image(
                    image, at: path, .container, role: .image, title: container.image.value,
                    entry: "\(section.rawValue)[\(index)]",
                    location: container.image.location)
            }
        }
        return planned.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Volumes that an image fills.
    func volumes(_ layouts: VolumeLayouts) throws -> [PlannedSegment] {
        try spec.volumes.enumerated().compactMap { index, volume in
            guard let source = volume.image, let path = TreePath("\(BootLayout.volumes)/\(volume.name)/lower".utf8)
            else { return nil }
            let entry = "volume[\(index)]"
            guard volume.format == .oci else {
                return image(
                    images[source], at: path, .system, role: .volume, title: source.value, entry: entry,
                    location: source.location)
            }
            let members = try layouts.images(of: volume, images)
            let images = images
            return PlannedSegment(
                key: .layout(members, at: path, compression), title: source.value, entry: entry,
                location: source.location, destination: path,
                compression: compression,
                compressedSize: members.reduce(0) { $0 + $1.compressedSize },
                content: .tree {
                    try images.requireLayers(of: members)
                    return try VolumeLayouts.tree(members, store: images.store)
                }, images: members)
        }
    }

    private func image(
        _ image: Image, at path: TreePath, _ fixUp: ImageFixUp, role: CacheKey.Role, title: String, entry: String,
        location: SourceLocation
    ) -> PlannedSegment {
        let images = images
        return PlannedSegment(
            key: .image(image, as: role, at: path, fixUp, compression),
            title: title, entry: entry, location: location, destination: path, compression: compression,
            compressedSize: image.compressedSize,
            content: .tree {
                var tree = try images.tree(image)
                fixUp.apply(to: &tree)
                return tree
            }, images: [image])
    }

    /// The modules of the kernel, once it is known what the root looks like.
    func modules(_ tree: ModulesTree) -> PlannedSegment {
        let image = tree.kernel.image
        return PlannedSegment(
            key: .modules(tree, compression),
            title: image.name, entry: "kernel", location: tree.kernel.location, destination: .root,
            compression: compression,
            compressedSize: image.compressedSize,
            content: .tree { try tree.make() }, images: [image])
    }

    /// What mounts a root on a disk: the init of the init images, and drivers.
    func diskInitrd(_ modules: ModulesTree?, _ initial: [PlannedSegment], _ fileSystems: [RootFileSystem])
        -> PlannedSegment
    {
        let kernel = [modules?.kernel.image.identity ?? "", modules?.name ?? ""]
        let content = (kernel + fileSystems.map(\.type) + initial.map(\.key.hex)).joined(separator: " ")
        return PlannedSegment(
            key: .diskInitrd(content, compression),
            title: DiskInitrd.title, entry: "init", location: spec.`init`.first?.location,
            destination: .root,
            compression: compression, compressedSize: 0,
            content: .tree { try DiskInitrd.tree(modules, initial.compactMap { RootPart($0) }, fileSystems) })
    }

    /// CPU microcode, which the kernel looks for in the first, uncompressed archive.
    func microcode(_ kernel: KernelImage) -> PlannedSegment? {
        guard kernel.facts.hasMicrocode, let name = kernel.spec.ucode else { return nil }
        let image = kernel.image
        return PlannedSegment(
            key: .microcode(name, of: image), title: image.name, entry: "kernel", location: kernel.location,
            destination: .root,
            compression: .none, compressedSize: 0,
            content: .archive { try kernel.file(name) }, images: [image])
    }

    /// A segment of generated names, keyed by its own plain bytes.
    func generated(_ tree: FileTree, role: CacheKey.Role, title: String) throws -> PlannedSegment {
        var sink = HashSink()
        try CPIO.write(tree, under: .root, to: &sink)
        return PlannedSegment(
            key: .generated(role, sink.hash.finalize().hex, compression), title: title, entry: "files",
            location: nil,
            destination: .root,
            compression: compression, compressedSize: 0, content: .tree { tree })
    }

}
