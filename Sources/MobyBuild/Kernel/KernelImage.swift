internal import Archive
internal import Extents
internal import FoundationEssentials
internal import MachineModel
internal import MobySpec
internal import OCI
internal import Progress

/// The kernel section: which files of the kernel image are the kernel, its modules and the microcode.
struct KernelImage: Sendable {
    static let names = ["kernel", "bzImage", "vmlinuz64"]

    let images: ImageSet
    let image: Image
    let spec: KernelSpec
    let location: SourceLocation
    let facts: KernelFacts

    /// - Throws: `Diagnostic` naming the image and what it has, when the image lacks a file that the spec names.
    init?(_ spec: KernelSpec, _ images: ImageSet) throws {
        guard let source = spec.image else { return nil }
        let image = images[source]
        self.images = images
        self.image = image
        self.spec = spec
        location = source.location
        let bytes = try images.cache.small(Self.factsKey(spec, of: image), of: "the kernel of \(image.name)") {
            try JSONText.compact(KernelImage.facts(of: images.tree(image), image, spec, at: source))
        }
        facts = try JSONDecoder().decode(KernelFacts.self, from: Data(bytes))
    }

    static func factsKey(_ spec: KernelSpec, of image: Image) -> CacheKey {
        .kernelFacts([spec.binary ?? "", spec.tar ?? "kernel.tar", spec.ucode ?? ""].joined(separator: " "), of: image)
    }

    /// Name of the modules archive; nil when the spec wants none.
    static func modulesName(_ spec: KernelSpec) -> String? {
        let name = spec.tar ?? "kernel.tar"
        return name.isEmpty || name == "none" ? nil : name
    }

    private static func facts(of tree: FileTree, _ image: Image, _ spec: KernelSpec, at source: Located<String>) throws
        -> KernelFacts
    {
        let top = tree.paths.filter { $0.parent.isRoot && !$0.isRoot }.map(\.description)
        func missing(_ what: String, _ names: [String], hint: String) -> Diagnostic {
            let quoted = names.map { "'\($0)'" }.joined(separator: " or ")
            let has = top.isEmpty ? "nothing" : top.prefix(20).joined(separator: ", ")
            return Diagnostic(
                at: source.location, "kernel image '\(source.value)' has no \(what) \(quoted); it has \(has)",
                hint: hint)
        }
        let candidates = spec.binary.map { [$0] } ?? names
        guard let kernel = candidates.first(where: { top.contains($0) }) else {
            throw missing("kernel", candidates, hint: "name the file with kernel.binary")
        }
        let modules = modulesName(spec)
        if let modules, !top.contains(modules) {
            throw missing("modules archive", [modules], hint: "name the file with kernel.tar, or set tar: none")
        }
        if let microcode = spec.ucode, !microcode.isEmpty, !top.contains(microcode),
            image.platform.architecture == Architecture.amd64.name
        {
            throw missing("microcode", [microcode], hint: "remove kernel.ucode, or name a file of the image")
        }
        let label = image.config.config?.labels?["org.mobyproject.kernel.initrd"]
        let configuration = try configuration(tree, image)
        let readsZstd = label.map { $0.contains("zstd") } ?? configuration?.contains("CONFIG_RD_ZSTD=y") ?? false
        return KernelFacts(
            kernel: kernel, hasModules: modules != nil, hasMicrocode: spec.ucode.map { top.contains($0) } ?? false,
            readsZstd: readsZstd, file: try kernelFile(tree, kernel),
            builtinFileSystems: configuration.map { lines in
                VolumeSpec.Format.allCases.compactMap(\.fileSystem).filter {
                    lines.contains("CONFIG_\($0.uppercased())_FS=y")
                }
            })
    }

    /// What the file is, by its first bytes.
    private static func kernelFile(_ tree: FileTree, _ name: String) throws -> KernelFile? {
        guard let path = TreePath(name.utf8), case .regular(let content)? = tree[path]?.kind else { return nil }
        let head = content[0..<min(content.length, UInt64(KernelFile.headLength))]
        return KernelFile(head: try ExtentReader.bytes(of: head))
    }

    /// What the kernel file of the outputs is; nil when it is not recognized.
    /// - Parameter decompressed: whether the outputs get the payload of a bzImage.
    func file(decompressed: Bool) -> KernelFile? {
        guard decompressed, let file = facts.file, file.kind == .linuxBzImage else { return facts.file }
        return KernelFile(.elf, file.architecture)
    }

    /// The lines of the kernel configuration in the image, if it has one.
    /// - Throws: `BuildError` for one that cannot be read or unpacked.
    private static func configuration(_ tree: FileTree, _ image: Image) throws -> Set<Substring>? {
        for path in [
            TreePath("config"), TreePath("kernel_config"), TreePath("config.gz"), TreePath("kernel_config.gz"),
        ] {
            guard case .regular(let content)? = tree[path]?.kind else { continue }
            var text: [UInt8] = []
            try context("reading '\(path)' of kernel image '\(PlainText.short(image.name))'") {
                try Compression.decompress(content, limit: 4 << 20) { text.append(contentsOf: $0) }
            }
            return Set(String(decoding: text, as: UTF8.self).split(separator: "\n"))
        }
        return nil
    }

    /// A top-level file of the image.
    func file(_ name: String) throws -> ExtentList {
        guard let path = TreePath(name.utf8), case .regular(let content)? = try images.tree(image)[path]?.kind else {
            throw BuildError("'\(name)' of kernel image '\(image.name)' is not a regular file")
        }
        return content
    }

    /// The kernel itself, from the cache.
    func kernel(decompressed: Bool) throws -> ExtentList {
        let key = CacheKey.kernel(facts.kernel, of: image, isDecompressed: decompressed)
        if let segment = try images.cache.segment(key, title: facts.kernel) { return segment.bytes }
        return try images.store.progress.during(.unpack, "the kernel of \(image.name)") { _ in
            try kernel(key, decompressed: decompressed)
        }
    }

    private func kernel(_ key: CacheKey, decompressed: Bool) throws -> ExtentList {
        let content = try file(facts.kernel)
        return try images.cache.store(key, title: facts.kernel, record: SegmentRecord(key: key.description)) { sink in
            guard decompressed else { return try ExtentReader.read(content) { try sink.write($0) } }
            try context("decompressing '\(facts.kernel)' of '\(image.name)'") {
                try CompressedKernel.decompress(content) { try sink.write($0) }
            }
        }.bytes
    }
}

/// The contents of a kernel image; found once and cached.
struct KernelFacts: Codable, Sendable, Equatable {
    /// Changes whenever the facts of an image do.
    static let version = 3

    /// Name of the kernel in the image.
    var kernel: String
    /// Whether it has a modules archive.
    var hasModules: Bool
    /// Whether it has a microcode archive.
    var hasMicrocode: Bool
    /// Whether this kernel unpacks an initrd that zstd compressed.
    var readsZstd: Bool
    /// What the kernel file is; nil when it is not recognized.
    var file: KernelFile?
    /// Those of volumes on disks that need no module; nil when the image has no kernel configuration.
    var builtinFileSystems: [String]?
}
