/// The section `kernel`.
public struct KernelSpec: Sendable {
    public var image: Located<String>?
    public var cmdline: String?
    /// Name of the kernel in its image; nil is `kernel`, or the 2017 names `bzImage`, `vmlinuz64` where that is absent.
    public var binary: String?
    /// Name of the tar with modules in the kernel image; nil is `kernel.tar`; empty or `none` disables it.
    public var tar: String?
    /// Name of a microcode cpio in the kernel image.
    public var ucode: String?
    /// Modules wanted; nil packs all that the kernel image has.
    public var modules: [Located<String>]?

    public init() {}
}
