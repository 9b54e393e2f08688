internal import Archive

/// How this program makes bytes of inputs: the rules of the cache with their versions, and the compressions. The same
/// inputs and the same text give the same bytes.
public enum BuildEncoding {
    public static var text: String {
        [
            "newc \(CPIO.version)", "container \(ImageFixUp.version)", "modules \(ModulesTree.version)",
            "unpacked modules \(PackedModules.version)", "kernel \(CompressedKernel.version)",
            "oci layout \(VolumeLayouts.version)", "disk initrd \(DiskInitrd.version)", DiskRoot.rule,
            Compression.zstd(level: 3).description, Compression.gzip.description,
        ].joined(separator: ", ")
    }
}
