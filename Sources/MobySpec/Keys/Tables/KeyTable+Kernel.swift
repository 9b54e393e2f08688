extension Codec where Value == KernelSpec {
    /// An empty image, command line or binary is none.
    static var kernel: Codec {
        object(.kernel) { _ in KernelSpec() }.map { kernel in
            var kernel = kernel
            if kernel.image?.value.isEmpty == true { kernel.image = nil }
            if kernel.cmdline?.isEmpty == true { kernel.cmdline = nil }
            if kernel.binary?.isEmpty == true { kernel.binary = nil }
            return kernel
        } from: {
            $0
        }
    }
}

extension KeyTable where Owner == KernelSpec {
    static let kernel = KeyTable(
        "kernel", "The kernel. Of several files, the last that sets a key decides.",
        [
            Key(
                "image", \.image, Codec<String>.imageOrNone.located,
                "Image with the kernel, and with a tar of its modules.", example: "\"linuxkit/kernel:6.12.59\"",
                since: .always),
            Key(
                "cmdline", \.cmdline, .commandLine, "The kernel's command line, one line.",
                example: "\"console=ttyS0 page_poison=1\"",
                since: .always,
                alias: ["commandline", "append"]),
            Key(
                "binary", \.binary, .fileName,
                "Name of the kernel in the image; without it also the names of 2017, `bzImage` and `vmlinuz64`.",
                example: "bzImage"
            ).defaulting(to: "kernel"),
            Key(
                "tar", \.tar, .fileName, "Name of the tar with modules in the image; `none` for no tar.",
                example: "none"
            ).defaulting(to: "kernel.tar"),
            Key(
                "ucode", \.ucode, .fileName, "Name of a cpio with CPU microcode in the image.",
                example: "intel-ucode.cpio"),
            Key(
                "modules", \.modules, .list(Codec<String>.word.located),
                "Names of the modules wanted, and with them those they depend on; without it, all that the image has.",
                example: "[virtio_net, virtio_blk, ext4]", since: .ours),
        ])
}
