/// What a kernel image has to offer; found once and kept in the cache.
struct KernelFacts: Codable, Sendable, Equatable {
    /// Name of the kernel in the image.
    var kernel: String
    /// Whether the modules archive is there.
    var hasModules: Bool
    /// Whether the microcode archive is there.
    var hasMicrocode: Bool
    /// Whether this kernel unpacks an initrd that zstd compressed.
    var readsZstd: Bool
}
