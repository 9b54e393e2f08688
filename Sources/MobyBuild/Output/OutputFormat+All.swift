extension OutputFormat {
    /// Every format, in the order of lists. Names and file names are LinuxKit's.
    public static let all: [OutputFormat] = [
        kernelInitrd, tar, tarKernelInitrd, docker, oci,
        OutputFormat(
            "kernel+squashfs", "kernel and a squashfs root", medium: .files,
            suffixes: ["-kernel", "-squashfs.img", "-cmdline"],
            instead: "kernel+erofs is for the same: a compressed root on a disk"),
        kernelErofs, kernelISO,
        .disc("iso", "CD image for BIOS and UEFI, for USB sticks too", .both, ".iso"),
        .disc("iso-bios", "CD image for BIOS", .bios, ".iso"), .disc("iso-efi", "CD image for UEFI", .uefi, "-efi.iso"),
        .disc("iso-efi-initrd", "CD image for UEFI, under LinuxKit's other name", .uefi, "-efi-initrd.iso"),
        .disk("raw", "disk for BIOS and UEFI", .both, ".img", .raw),
        .disk("raw-bios", "disk for BIOS", .bios, "-bios.img", .raw),
        .disk("raw-efi", "disk for UEFI", .uefi, "-efi.img", .raw), uki,
        .disk("qcow2", "QEMU disk for BIOS and UEFI", .both, ".qcow2", .qcow2),
        .disk("qcow2-bios", "QEMU disk for BIOS", .bios, ".qcow2", .qcow2),
        .disk("qcow2-efi", "QEMU disk for UEFI", .uefi, "-efi.qcow2", .qcow2),
        .disk(
            "qcow2-compressed", "QEMU disk for BIOS and UEFI, compressed", .both, "-compressed.qcow2", .qcow2Compressed),
        .disk("aws", "disk for Amazon EC2", .both, ".raw", .raw),
        .disk("gcp", "disk for Google Compute Engine", .both, ".img.tar.gz", .tarGzip),
        .disk("vhd", "fixed VHD disk for Azure", .both, ".vhd", .vhd),
        .disk("dynamic-vhd", "dynamic VHD disk", .both, ".vhd", .dynamicVHD),
        .disk("vmdk", "VMware disk", .both, ".vmdk", .vmdk),
        OutputFormat(
            "rpi3", "Raspberry Pi 3 boot files", medium: .archive, wrapping: .tar, suffixes: [".tar"],
            instead:
                "it needs a kernel and firmware of its own; kernel+initrd or kernel+erofs are the parts to start from"),
    ]

    /// Names of the 2017 `outputs:` section and what they are today.
    static let names2017 = ["gcp-img": "gcp", "gcp-storage": "gcp", "qcow": "qcow2"]

    /// Formats that are known and not made, each with what to do instead.
    public static var notMade: [String: String] {
        Dictionary(uniqueKeysWithValues: all.filter { !$0.isAvailable }.map { ($0.name, $0.instead ?? "") })
    }

    /// What the `outputs` of a spec may ask for: today's names and those of 2017.
    public static var namesInSpecs: [String] {
        let names = all.filter(\.isAvailable).map(\.name)
        return names + names2017.filter { names.contains($0.value) && !names.contains($0.key) }.keys.sorted()
    }

    /// Other names that it can be asked for by.
    public var aliases: [String] { Self.names2017.filter { $0.value == name }.keys.sorted() }

    /// The format of a name.
    public static func named(_ name: String) -> OutputFormat? { all.first { $0.name == name } }
}
