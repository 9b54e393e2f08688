internal import Archive
internal import Extents
internal import OCI

/// All that bytes of the build cache depend on. Equal keys are equal bytes; the text is what the cache is named by and
/// what is printed.
public struct CacheKey: Hashable, Sendable, CustomStringConvertible {
    /// What a segment holds.
    public enum Role: String, Sendable {
        case microcode, modules, `init`, image, volume, sbom, spec, sentinel, kernel, record, root
        /// An image that was made of packages: only in shared caches.
        case package
    }

    public let role: Role
    /// Digest of what it is made from, e.g. an image's content.
    public let content: String
    public let platform: String
    /// Where in the guest it is put, with what else decides names in it.
    public let destination: String
    /// The rule that makes the bytes, and its version: `container 1`. A version alone is that of the one rule of the
    /// role. A rule's version is next to the rule, and changes whenever equal keys would no longer give equal bytes.
    public let rules: String
    /// How it is encoded: archive format and compression with library version and level.
    public let encoding: String

    /// Name and value of each part, in order.
    public var fields: [(name: String, value: String)] {
        [
            ("role", role.rawValue), ("content", content), ("platform", platform), ("destination", destination),
            ("rules", rules),
            ("encoding", encoding),
        ]
    }

    /// One `name value` line for each part.
    public var description: String { fields.map { "\($0.name) \($0.value)\n" }.joined() }

    /// SHA-256 of the text, 64 hexadecimal digits.
    public var hex: String { SHA256.hash(Array(description.utf8)).hex }
}

/// Facts and files that are found out or made once, and kept.
extension CacheKey {
    /// `/etc/passwd` and `/etc/group` of an image.
    static func accounts(of image: Image) -> CacheKey {
        record("accounts", rule: "accounts \(Accounts.version)", image.identity, image.platform)
    }

    /// The packages that an image's databases and programs name.
    static func packages(of image: Image) -> CacheKey {
        record("packages", rule: "packages \(ImagePackages.version)", image.identity, image.platform)
    }

    /// - Parameters:
    ///   - form: of the document.
    ///   - inputs: all that the document depends on.
    static func bill(_ form: String, of inputs: String, _ platform: Platform) -> CacheKey {
        record("sbom \(form)", rule: "sbom \(MachineBill.version)", SHA256.hash(Array(inputs.utf8)).hex, platform)
    }

    /// - Parameter files: which of the image's files are asked for.
    static func kernelFacts(_ files: String, of image: Image) -> CacheKey {
        record("kernel facts \(files)", rule: "kernel facts \(KernelFacts.version)", image.identity, image.platform)
    }

    /// - Parameters:
    ///   - question: identifies the rule.
    ///   - content: digest of what it is asked of.
    static func programFacts(_ question: String, of content: String, _ platform: Platform) -> CacheKey {
        record(question, rule: "program facts \(ProgramFacts.version)", content, platform)
    }

    /// - Parameter name: of the modules archive.
    static func unpackedModules(_ name: String, of image: Image) -> CacheKey {
        record(
            "unpacked modules \(name)", rule: "unpacked modules \(PackedModules.version)", image.identity,
            image.platform, encoding: "tar")
    }

    /// - Parameter name: of the kernel in the image.
    static func kernel(_ name: String, of image: Image, isDecompressed: Bool) -> CacheKey {
        CacheKey(
            role: .kernel, content: image.identity, platform: image.platform.description, destination: name,
            rules: isDecompressed ? "decompressed \(CompressedKernel.version)" : "1", encoding: "none")
    }

    /// - Parameter identity: keys of all that the root is made from.
    static func erofsRoot(of identity: String) -> CacheKey {
        CacheKey(
            role: .root, content: SHA256.hash(Array(identity.utf8)).hex, platform: "", destination: "/",
            rules: DiskRoot.rule, encoding: "lz4")
    }

    private static func record(
        _ question: String, rule: String, _ content: String, _ platform: Platform, encoding: String = "none"
    ) -> CacheKey {
        CacheKey(
            role: .record, content: content, platform: platform.description, destination: question, rules: rule,
            encoding: encoding)
    }
}

/// Segments. Identifiers on media derive from these keys.
extension CacheKey {
    static func image(
        _ image: Image, as role: Role, at path: TreePath, _ fixUp: ImageFixUp, _ compression: Compression
    ) -> CacheKey {
        segment(
            role, image.identity, destination: "/\(path)", rules: "\(fixUp.rawValue) \(ImageFixUp.version)",
            platform: image.platform, compression)
    }

    /// A volume that is an image layout.
    static func layout(_ images: [Image], at path: TreePath, _ compression: Compression) -> CacheKey {
        segment(
            .volume, images.map(\.identity).joined(separator: " "), destination: "\(path)",
            rules: "oci layout \(VolumeLayouts.version)", compression)
    }

    static func modules(_ tree: ModulesTree, _ compression: Compression) -> CacheKey {
        let image = tree.kernel.image
        return segment(
            .modules, image.identity, destination: tree.variant, rules: ModulesTree.version, platform: image.platform,
            compression)
    }

    /// - Parameter content: all that the initrd is made from.
    static func diskInitrd(_ content: String, _ compression: Compression) -> CacheKey {
        segment(
            .`init`, SHA256.hash(Array(content.utf8)).hex, destination: DiskInitrd.title,
            rules: "disk initrd \(DiskInitrd.version)", compression)
    }

    /// Microcode is an archive as it is.
    static func microcode(_ name: String, of image: Image) -> CacheKey {
        CacheKey(
            role: .microcode, content: image.identity, platform: image.platform.description, destination: name,
            rules: "1", encoding: "none")
    }

    /// - Parameter content: SHA-256 of the plain bytes themselves, so that no rule can go stale.
    static func generated(_ role: Role, _ content: String, _ compression: Compression) -> CacheKey {
        segment(role, content, destination: "/", rules: "1", compression)
    }

    private static func segment(
        _ role: Role, _ content: String, destination: String, rules: String, platform: Platform? = nil,
        _ compression: Compression
    ) -> CacheKey {
        CacheKey(
            role: role, content: content, platform: platform?.description ?? "", destination: destination,
            rules: rules, encoding: "newc \(CPIO.version), \(compression.description)")
    }
}

/// How this program makes bytes of inputs: the rules of the cache with their versions, and the compressions. The same
/// inputs and the same text give the same bytes.
public enum BuildEncoding {
    public static var text: String {
        [
            "newc \(CPIO.version)", "container \(ImageFixUp.version)", "modules \(ModulesTree.version)",
            "unpacked modules \(PackedModules.version)", "kernel \(CompressedKernel.version)",
            "oci layout \(VolumeLayouts.version)", "disk initrd \(DiskInitrd.version)", DiskRoot.rule,
            "sbom \(MachineBill.version)", "packages \(ImagePackages.version)",
            Compression.zstd(level: 3).description, Compression.gzip.description,
        ].joined(separator: ", ")
    }
}
